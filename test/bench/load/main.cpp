// The load generator and the backend of the benchmarks: LOAD MODE NAME=VALUE ...
// It is C++ over OpenSSL's own client so that it costs little, and the same for every server.
#include <csignal>
#include <unistd.h>
#include <iostream>
#include "modes.h"

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const std::string mode = count > 1 ? arguments[1] : "";
    const Options options(count > 2 ? count - 2 : 0, arguments + 2);
    // Whatever hangs ends, by SIGALRM.
    if (mode != "backend" && mode != "delay") alarm(static_cast<unsigned>(options.number("deadline")));
    if (mode == "backend") runBackend(options);
    else if (mode == "handshakes") runHandshakes(options);
    else if (mode == "bulk") runBulk(options);
    else if (mode == "idle") runIdle(options);
    else if (mode == "paced") runPaced(options);
    else if (mode == "round-trips") runRoundTrips(options);
    else if (mode == "delay") runDelay(options);
    else throw std::runtime_error("no such mode: " + mode);
  } catch (const std::exception& error) {
    std::cerr << "load: " << error.what() << "\n";
    return 1;
  }
}
