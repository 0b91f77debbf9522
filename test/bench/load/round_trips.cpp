// How long a byte takes to the backend and back, over an open TCP connection: `count` times, one after the other.
#include <poll.h>
#include <unistd.h>
#include "event_loop.h"
#include "modes.h"
#include "run.h"
#include "sockets.h"
#include "tls_client.h"

void runRoundTrips(const Options& options) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = addressOf(options);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) failErrno("connect");
  sendAtOnce(fd);
  const std::string command = backendCommand('E', 0);
  if (send(fd, command.data(), command.size(), 0) < 0) failErrno("send");
  waitForGo();

  std::vector<double> latencies;
  for (int i = 0; i < options.number("count"); i++) {
    char byte = 0;
    Clock::time_point start = Clock::now();
    if (send(fd, &byte, 1, 0) != 1 || recv(fd, &byte, 1, 0) != 1) failErrno("no echo");
    latencies.push_back(secondsSince(start));
  }
  std::printf("{");
  printLatencies(latencies);
  std::puts("}");
  close(fd);
}
