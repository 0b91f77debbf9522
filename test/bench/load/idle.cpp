// `connections` that are opened, have had one byte echoed, and then are idle until told; then each asks for one echo
// more, all at once.
#include <memory>
#include "event_loop.h"
#include "modes.h"
#include "run.h"
#include "tls_client.h"

namespace {

constexpr size_t atOnce = 64;

class IdleConnection : public Handler {
 public:
  IdleConnection(const TlsClient& client, EventLoop& loop) : connection_(client, nullptr) {
    loop.add(connection_.fd(), this);
  }

  bool idle() const { return echoes_ == asked_ && asked_ > 0; }
  double latency() const { return latency_; }

  void ask() {
    std::string request = asked_++ == 0 ? backendCommand('E', 0) + "x" : "x";
    size_t count;
    began_ = Clock::now();
    connection_.write(request.data(), request.size(), count);
  }

  void ready() override {
    if (asked_ == 0) {
      if (connection_.handshake() != Progress::done) return;
      ask();
    }
    char byte[1];
    size_t count;
    while (connection_.read(byte, 1, count) == Progress::done) {
      echoes_++;
      latency_ = secondsSince(began_);
    }
  }

 private:
  TlsConnection connection_;
  int asked_ = 0, echoes_ = 0;
  double latency_ = 0;
  Clock::time_point began_;
};

}  // namespace

void runIdle(const Options& options) {
  TlsClient client(options);
  EventLoop loop;
  auto wanted = static_cast<size_t>(options.number("connections"));
  std::vector<std::unique_ptr<IdleConnection>> connections;
  auto idle = [&] {
    return std::all_of(connections.begin(), connections.end(), [](auto& one) { return one->idle(); });
  };
  while (connections.size() < wanted) {
    for (size_t i = 0; i < atOnce && connections.size() < wanted; i++) {
      connections.push_back(std::make_unique<IdleConnection>(client, loop));
    }
    loop.runWhile([&] {
      auto last = connections.end() - std::min(atOnce, connections.size());
      return !std::all_of(last, connections.end(), [](auto& one) { return one->idle(); });
    });
  }
  waitForGo();

  for (auto& connection : connections) connection->ask();
  Clock::time_point start = Clock::now();
  loop.runWhile([&] { return !idle() && secondsSince(start) < 30; });
  std::vector<double> latencies;
  size_t withinOneSecond = 0;
  for (auto& connection : connections) {
    if (!connection->idle()) continue;
    latencies.push_back(connection->latency());
    withinOneSecond += connection->latency() <= 1;
  }
  std::printf("{\"connections\":%zu,\"echoes\":%zu,\"withinOneSecond\":%zu,", connections.size(), latencies.size(),
              withinOneSecond);
  printLatencies(latencies);
  std::puts("}");
}
