#!/usr/bin/env bash
# The example as its README says: calls reach all nodes, a call on a session goes on through a proxy
# that sends each request to another node, a feed is one on all of them, the death of a node ends
# only what was on it, and Ctrl-C ends everything.
set -euo pipefail

CLUSTER_SERVER=$PWD/services/examples/cluster/server
export CLUSTER_SERVER
# A group of its own, which Ctrl-C is for.
setsid services/examples/cluster/run 0 >out 2>err &
cluster=$!
trap 'kill -TERM $cluster 2>/dev/null; wait' EXIT
for _ in $(seq 600); do
  grep -q 'Ctrl-C ends' out && break
  kill -0 $cluster || { cat out err; exit 1; }
  sleep 0.1
done
url=$(sed -n 's/^the cluster serves at \(.*\); try$/\1/p' out)
tally=$url/examples.cluster.v1.Tally
fail() { echo "$1"; shift; cat "$@" out err; exit 1; }

where() { curl -fsS "$tally/Where?connect=v1&encoding=json"; echo; }
for _ in 1 2 3 4 5 6; do where; done | sort -u >nodes
[[ $(wc -l <nodes) == 3 ]] || fail "not three nodes:" nodes

# A reader on one node hears what was said on others.
curl -fsSN "$tally/News?connect=v1&encoding=json" >news 2>news.err &
reader=$!
for text in one two three; do
  curl -fsS "$tally/Say" --json "{\"text\":\"$text\"}" >>said
done
for _ in $(seq 100); do
  grep -q three news && break
  sleep 0.1
done
[[ $(grep '^data: ' news | grep -o '"text":"[a-z]*"' | tr -d '\n') == \
  '"text":"one""text":"two""text":"three"' ]] || fail "the news are wrong:" news said
[[ $(grep -o '"node":"[0-9a-f]*"' news | sort -u | wc -l) -ge 2 ]] || fail "said on one node:" news

# One session, whose requests go to all three; it is on the node that opened it.
mkfifo numbers
tools/cli/runnel call "$url" Tally/Add - -o json <numbers >sums &
adder=$!
exec 3>numbers
for value in 1 2 3 4; do
  echo "{\"value\": $value}" >&3
  for _ in $(seq 100); do
    [[ $(wc -l <sums) -ge $value ]] && break
    sleep 0.1
  done
done
exec 3>&-
wait $adder || fail "the call on a session failed:" sums
[[ $(grep -c '"sum"' sums) == 4 && $(tail -1 sums) == *'"10"'* ]] || fail "the sums are wrong:" sums
[[ $(grep -o '"node":"[0-9a-f]*"' sums | sort -u | wc -l) == 1 ]] || fail "the call moved:" sums

# A call on a node that dies hears it; who asks anew is served.
tools/cli/runnel call "$url" Tally/Tick -o json >ticks 2>ticks.err &
ticker=$!
for _ in $(seq 100); do
  [[ -s ticks ]] && break
  sleep 0.1
done
node=$(grep -o '"node":"[0-9a-f]*"' ticks | head -1)
for number in 1 2 3; do
  there=$(sed -n "s/^node $number: \(.*\), process .*/\1/p" out)
  answer=$(curl -fsS "$there/examples.cluster.v1.Tally/Where?connect=v1&encoding=json")
  [[ $answer == *"$node"* ]] && victim=$(sed -n "s/^node $number: .*, process //p" out)
done
kill -9 "$victim"
if wait $ticker; then fail "the call on a dead node ended well:" ticks; fi
grep -q 'session lost' ticks.err || fail "the call was not told why:" ticks.err
for _ in 1 2 3 4 5 6; do where >/dev/null; done

# It ends with all that it has started.
folder=$(sed -n 's/.*Logs are in \(.*\)\.$/\1/p' out)
kill -INT -- -$cluster
wait $cluster || fail "it did not end in order:" nodes
trap - EXIT
[[ ! -e $folder ]] || fail "its folder is left"
if curl -s -o /dev/null "$url"; then fail "nginx is left"; fi
