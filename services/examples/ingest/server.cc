// Takes log and CSV files in and says what is in them, until it is interrupted:
//
//   bazel run //services/examples/ingest:server

#include "services/examples/ingest/ingest_service.h"
#include "services/examples/shared/server_program.h"

int main(int argc, char** argv) {
  examples::ServerProgram program(argc, argv, "ingest",
                                  "Takes log and CSV files in and says what is in them.");
  examples::ingest::IngestService ingest;
  return program.Serve({&ingest});
}
