"""From runs to figures: medians, ratios and their spread, as tables and as JSON lines."""

import collections
import itertools
import json
import statistics


def quotients(these, those):
    """Of the rounds in which both were measured, by round."""
    return [these[number] / those[number] for number in sorted(these.keys() & those.keys())
            if those[number]]


def rounded(value):
    return None if value is None else float("%.5g" % value)


class Results:
    """What the clients printed, by workload, peer and way, and round."""

    def __init__(self):
        self._runs = collections.defaultdict(dict)

    def add(self, workload, peer, way, number, printed):
        self._runs[workload.name, peer, way][number] = printed

    def _values(self, workload, peer, way, metric):
        """By round. Empty where nothing was measured."""
        runs = self._runs.get((workload, peer, way), {})
        return {number: run[metric.key] for number, run in runs.items() if metric.key in run}

    def _best(self, workload, metric, ways):
        """The way of gRPC with the best median, and its values."""
        best = max if metric.better == "higher" else min
        found = {way: self._values(workload.name, "grpc", way, metric) for way in ways}
        found = {way: values for way, values in found.items() if values}
        if not found:
            return None, {}
        way = best(found, key=lambda each: statistics.median(found[each].values()))
        return way, found[way]

    def compared(self, workloads):
        """Runnel's figures, beside gRPC's."""
        lines = []
        for workload in workloads:
            for way in workload.runnel:
                for metric in workload.metrics:
                    values = self._values(workload.name, "runnel", way, metric)
                    if not values:
                        continue
                    line = self._line(workload, metric, way, values)
                    grpc_way, grpc = self._best(workload, metric, workload.grpc)
                    line.update(ratio_of(values, grpc))
                    line["grpc"] = rounded(statistics.median(grpc.values())) if grpc else None
                    line["grpc_way"] = grpc_way
                    plain = [each for each in workload.grpc if "/" not in each]
                    if plain != workload.grpc:
                        _, unhinted = self._best(workload, metric, plain)
                        line["ratio_no_hints"] = ratio_of(values, unhinted)["ratio"]
                    lines.append(line)
        return lines

    def within(self, workloads):
        """Runnel's figures beside others of its own: of JSON, of sessions, and of workloads that
        name another."""
        lines = []
        for workload in workloads:
            metric = workload.metrics[0]
            for way in workload.runnel:
                codec, route = way.split("/")
                others = []
                if codec != "proto":
                    others.append((workload.name, "proto/" + route))
                if route != "direct":
                    others.append((workload.name, codec + "/direct"))
                if workload.of:
                    others.append((workload.of, way))
                values = self._values(workload.name, "runnel", way, metric)
                for name, other_way in others:
                    base = self._values(name, "runnel", other_way, metric)
                    if not quotients(values, base):
                        continue
                    line = self._line(workload, metric, way, values)
                    line.update(ratio_of(values, base))
                    line["of"] = "%s/%s" % (name, other_way)
                    line["base"] = rounded(statistics.median(base.values()))
                    lines.append(line)
        return lines

    def beside_others(self, workloads):
        """Runnel's figures beside those of peers that do a few workloads."""
        lines = []
        for workload in workloads:
            for way, (peer, metrics) in itertools.product(workload.runnel, workload.others.items()):
                for metric in metrics:
                    values = self._values(workload.name, "runnel", way, metric)
                    base = self._values(workload.name, peer, peer, metric)
                    if not quotients(values, base):
                        continue
                    line = self._line(workload, metric, way, values)
                    line.update(ratio_of(values, base))
                    line["of"] = peer
                    line["base"] = rounded(statistics.median(base.values()))
                    lines.append(line)
        return lines

    @staticmethod
    def _line(workload, metric, way, values):
        codec, route = way.split("/")
        return {"workload": workload.name, "metric": metric.name, "unit": metric.unit,
                "better": metric.better, "codec": codec, "route": route,
                "runnel": rounded(statistics.median(values.values())), "grpc": None,
                "rounds": len(values)}


def ratio_of(values, others):
    found = quotients(values, others)
    if not found:
        return {"ratio": None, "ratio_min": None, "ratio_max": None}
    return {"ratio": rounded(statistics.median(found)), "ratio_min": rounded(min(found)),
            "ratio_max": rounded(max(found))}


def json_lines(lines):
    return [json.dumps(line) + "\n" for line in lines]


def shown(value):
    if value is None:
        return "-"
    if value >= 1e4:
        return "{:,.0f}".format(value)
    return "%.4g" % value


def spread(line):
    if line["ratio"] is None:
        return ["-", ""]
    return ["%.2f" % line["ratio"], "%.2f-%.2f" % (line["ratio_min"], line["ratio_max"])]


def name_of(line):
    return "%s/%s/%s" % (line["workload"], line["codec"], line["route"])


def print_tables(compared, within, beside, out):
    if compared:
        rows = [["workload", "metric", "unit", "Runnel", "gRPC", "by", "ratio", "from-to", "better",
                 "no hints"]]
        for line in compared:
            without = line.get("ratio_no_hints")
            rows.append([name_of(line), line["metric"], line["unit"], shown(line["runnel"]),
                         shown(line["grpc"]), line["grpc_way"] or "-"] + spread(line) +
                        [line["better"], "" if without is None else "%.2f" % without])
        print_rows(rows, "lllrrlrllr", out)
    for heading, lines in (("Runnel by itself", within), ("Runnel beside others", beside)):
        if not lines:
            continue
        rows = [[heading, "metric", "unit", "this", "that", "of", "ratio", "from-to", "better"]]
        for line in lines:
            rows.append([name_of(line), line["metric"], line["unit"], shown(line["runnel"]),
                         shown(line["base"]), line["of"]] + spread(line) + [line["better"]])
        out.write("\n")
        print_rows(rows, "lllrrlrll", out)


def print_rows(rows, sides, out):
    widths = [max(len(row[i]) for row in rows) for i in range(len(sides))]
    for row in rows:
        cells = [cell.rjust(width) if side == "r" else cell.ljust(width)
                 for cell, width, side in zip(row, widths, sides)]
        out.write("  ".join(cells).rstrip() + "\n")
