#include "tools/cli/command_table.h"

namespace runnel::cli {
namespace {

const OptionGroup& Connection() {
  static const OptionGroup group = {
      "Connection",
      {
          {"header", 'H', "'KEY: VALUE'", "Metadata to send. May be given several times.",
           &Options::headers},
          {"token-file", 0, "FILE",
           "Sends the bearer token in this file; without the option that in $RUNNEL_TOKEN.",
           &Options::token_file},
          {"ca", 0, "FILE", "Certificates to trust (PEM), where those of the system are not it.",
           &Options::ca},
          {"cert", 0, "FILE", "The client's certificate (PEM), where the server asks for one.",
           &Options::cert},
          {"key", 0, "FILE", "The key of the client's certificate (PEM).", &Options::key},
          {"server-name", 0, "NAME",
           "The name in the server's certificate, where it is not that of the address.",
           &Options::server_name},
          {"verbose", 'v', "", "Shows metadata, headers, trailers and times, on standard error.",
           &Options::verbose},
      }};
  return group;
}

const OptionGroup& CallsGroup() {
  static const OptionGroup group = {
      "Calls",
      {
          {"timeout", 't', "TIME", "For a call as a whole, such as 500ms or 1m30s.",
           &Options::timeout},
          {"direct", 0, "", "Each call is an HTTP request of its own.", &Options::direct},
          {"channel", 0, "",
           "Calls share a session, which survives lost connections. Where neither is said, "
           "streams do and unary calls do not.",
           &Options::channel},
          {"connect", 0, "", "Speaks nothing but the Connect protocol: for servers of others.",
           &Options::connect},
          {"wait", 0, "", "Waits for a server where there is none, until the timeout.",
           &Options::wait},
      }};
  return group;
}

const OptionGroup& SchemaGroup() {
  static const OptionGroup group = {
      "Schema",
      {
          {"proto", 0, "FILE",
           "Takes the types from a .proto file instead of asking the server. May be given several "
           "times.",
           &Options::protos},
          {"import", 'I', "DIR", "Where .proto files, and what they import, are looked for.",
           &Options::imports},
          {"descriptors", 0, "FILE",
           "Takes the types from a descriptor set (protoc --include_imports "
           "--descriptor_set_out=FILE).",
           &Options::descriptors},
      }};
  return group;
}

const OptionGroup& OutputGroup() {
  static const OptionGroup group = {
      "Output",
      {
          {"output", 'o', "FORM",
           "table: as on a terminal. json: JSON lines, as in a pipe. Where it is not said, by what "
           "standard output is.",
           &Options::output},
      }};
  return group;
}

}  // namespace

const std::vector<CommandSpec>& Commands() {
  static const std::vector<CommandSpec> commands = {
      {"list",
       "[ADDRESS] [SERVICE]",
       "the services and methods of a server",
       "Lists the services of a server and their methods, or the methods of one service.",
       {},
       {&SchemaGroup(), &OutputGroup(), &CallsGroup(), &Connection()},
       {{"runnel list localhost:8080", "all that the server has"},
        {"runnel list Monitor", "one service, at localhost:8080"},
        {"runnel list --proto chat.proto", "what a file has, without a server"}}},
      {"describe",
       "[ADDRESS] NAME…",
       "a service, method, message or enum, with its comments",
       "Shows what the .proto says of each NAME, comments included. Of a method also its messages, "
       "and how it is called. The end of a name will do, where it is the only one: Monitor/Watch.",
       {},
       {&SchemaGroup(), &CallsGroup(), &Connection()},
       {{"runnel describe Monitor", "a service"},
        {"runnel describe Monitor/Watch", "a method and its messages"},
        {"runnel describe examples.monitor.v1.Sample", "a message"}}},
      {"call",
       "[ADDRESS] METHOD [REQUEST…]",
       "call a method; responses come as JSON lines",
       "Calls a method of any kind and prints its responses as they come, one line of JSON each. "
       "REQUEST is field=value, JSON, @FILE with JSON lines, or - for standard input; without one "
       "it is the empty message, or standard input where the method takes a stream. See runnel "
       "help requests.",
       {{"last-event-id", 0, "ID", "Goes on behind this event (resumable methods).",
         &Options::last_event_id}},
       {&OutputGroup(), &SchemaGroup(), &CallsGroup(), &Connection()},
       {{"runnel call Monitor/Watch interval=0.5s count=3", "a stream down"},
        {"runnel call Jobs/HashTree '{\"path\": \"src\"}'", "a request in JSON"},
        {"runnel call Ingest/Upload header.name=a.csv header.format=csv , chunk=@a.csv",
         "a stream up: two messages and more"},
        {"runnel call Chat/Converse join.room=lobby join.name=you , -",
         "both ways: then JSON lines from the keyboard"}}},
      {"watch",
       "URL",
       "print the events of any event stream (SSE)",
       "Prints the data of each event, one in a line, and connects again where the stream breaks, "
       "with Last-Event-ID. With --type the data is a message, and printed as JSON.",
       {{"type", 0, "MESSAGE", "The type of the data, of --proto or --descriptors.",
         &Options::type},
        {"event", 0, "NAME=MESSAGE", "The type of events of one name.", &Options::event_types},
        {"data", 'd', "BODY", "Sends this with POST, as JSON.", &Options::data},
        {"last-event-id", 0, "ID", "Goes on behind this event.", &Options::last_event_id},
        {"count", 'n', "NUMBER", "Ends after so many events.", &Options::count},
        {"end", 0, "TEXT", "The end: the name of an event, or its data.", &Options::ends},
        {"once", 0, "", "Does not connect again where a response ends.", &Options::once},
        {"events", 0, "", "Prints objects with name, id and data.", &Options::events}},
       {&SchemaGroup(), &Connection()},
       {{"runnel watch https://example.com/changes", "as it comes"},
        {"runnel watch --proto shop.proto --type Change URL", "as messages"},
        {"runnel watch --end '[DONE]' -d '{\"stream\":true}' URL", "with an end"}}},
      {"bench",
       "[ADDRESS] METHOD [REQUEST…]",
       "put load on a method; percentiles and their plot",
       "Calls a method over and over and says how long that took. With --rate calls begin on time, "
       "however late the server is, and times count from when a call should have begun: waiting "
       "behind slow ones is not left out. Without it, so many callers as --concurrency says call "
       "one after the other.",
       {{"rate", 'r', "NUMBER", "Calls in a second.", &Options::rate},
        {"concurrency", 'c', "NUMBER",
         "Calls at a time: 1 where nothing is said, at most 100 with --rate.",
         &Options::concurrency},
        {"duration", 'n', "TIME", "How long; 10s where nothing is said.", &Options::duration}},
       {&OutputGroup(), &SchemaGroup(), &CallsGroup(), &Connection()},
       {{"runnel bench Monitor/Snapshot -c 8", "as fast as 8 callers can"},
        {"runnel bench Chat/ListRooms --rate 1000 -n 30s", "1000 calls in each second"},
        {"runnel bench Monitor/Watch interval=10ms count=10 -c 50", "streams, each read whole"}}},
      {"completion",
       "bash|zsh",
       "a script that completes commands, options and methods",
       "Prints a script for your shell. Methods are those of the server in the line.",
       {},
       {},
       {{"source <(runnel completion bash)", "for this shell; in ~/.bashrc for all"},
        {"runnel completion zsh > ~/.zfunc/_runnel", "a folder of fpath, before compinit"}}},
      {"help",
       "[COMMAND|TOPIC]",
       "this, or more about a command",
       "Tells about a command or a topic.",
       {},
       {},
       {}},
  };
  return commands;
}

const CommandSpec* FindCommand(std::string_view name) {
  for (const CommandSpec& command : Commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

const std::vector<const OptionGroup*>& OptionGroups() {
  static const std::vector<const OptionGroup*> groups = {&OutputGroup(), &SchemaGroup(),
                                                         &CallsGroup(), &Connection()};
  return groups;
}

std::vector<const OptionSpec*> OptionsOf(const CommandSpec& command) {
  static const OptionSpec help = {"help", 'h', "", "Tells about the command.", &Options::help};
  std::vector<const OptionSpec*> options;
  for (const OptionSpec& option : command.options) options.push_back(&option);
  for (const OptionGroup* group : command.groups) {
    for (const OptionSpec& option : group->options) options.push_back(&option);
  }
  options.push_back(&help);
  return options;
}

std::string_view FirstLines() { return "runnel: look into servers of Runnel and call them"; }

const std::vector<Example>& FirstExamples() {
  static const std::vector<Example> examples = {
      {"runnel list", "what a server at localhost:8080 has"},
      {"runnel describe Monitor/Watch", "what the method takes and gives"},
      {"runnel call Monitor/Watch interval=1s count=3", "call it"},
      {"runnel call https://example.com:8443 Chat/ListRooms", "elsewhere, with TLS"},
  };
  return examples;
}

std::string_view LastLines() {
  return "ADDRESS is host:port, http://…, https://… or unix:/path. Where there is none it\n"
         "is $RUNNEL_SERVER, else localhost:8080. The exit code is the status of the call.";
}

const std::vector<Topic>& Topics() {
  static const std::vector<Topic> topics = {
      {"requests", "How a request is written",
       R"(  name=world           a field: text, numbers, true, enums (csv is FORMAT_CSV)
  page.size=10         a field of a message in it
  tags=a tags=b        each adds to a list; messages: items.0.id=7 items.1.id=8
  labels.color=red     an entry of a map
  body=@FILE           text or bytes from a file; \@… is text that begins with @
  wait=1m30s           a Duration; at=2030-01-31T12:00:00Z, or now, a Timestamp
  paths=a,b.c          a FieldMask
  items:='[{"id": 7}]' any field in JSON
  '{"name": "world"}'  a whole message in JSON
  @FILE                messages in JSON, as many as there are in the file
  -                    the same from standard input, each sent as it comes
  ,                    a comma by itself begins the next message of a stream

Bytes are given as they are, in JSON as base64. What the type does not have is
refused before it is sent. In a stream, a message of nothing but bytes=@FILE
becomes as many messages as the file needs, of 64 KiB each.)"},
      {"exit-codes", "What exit codes mean",
       R"(   0  all is well (OK)
   1  CANCELLED, also by Ctrl-C         9  FAILED_PRECONDITION
   2  UNKNOWN                          10  ABORTED
   3  INVALID_ARGUMENT                 11  OUT_OF_RANGE
   4  DEADLINE_EXCEEDED                12  UNIMPLEMENTED
   5  NOT_FOUND                        13  INTERNAL
   6  ALREADY_EXISTS                   14  UNAVAILABLE
   7  PERMISSION_DENIED                15  DATA_LOSS
   8  RESOURCE_EXHAUSTED               16  UNAUTHENTICATED
  64  the command line, a request or a file is wrong, and was not sent
  74  the output cannot be written
 141  whoever read the output is gone, as with: runnel … | head

The codes 1 to 16 are the status of the call, as gRPC numbers them. Of bench it
is the status that most of the calls which failed ended with.)"},
      {"environment", "What the environment says",
       R"(  RUNNEL_SERVER  the address where none is given
  RUNNEL_TOKEN   a bearer token to send, where there is no --token-file
  NO_COLOR       no colours; there are none but on a terminal anyway
  COLUMNS        the width of tables and plots, where it is not the terminal's)"},
  };
  return topics;
}

}  // namespace runnel::cli
