// `bytes` through the server in all, over `connections` at once: direction=sent by the server, or received by it.
#include <memory>
#include "event_loop.h"
#include "modes.h"
#include "run.h"
#include "tls_client.h"

namespace {

char buffer[64 * 1024];

class Transfer : public Handler {
 public:
  Transfer(const TlsClient& client, EventLoop& loop, bool sent, uint64_t bytes)
      : connection_(client, nullptr), sent_(sent), left_(bytes), command_(backendCommand(sent ? 'S' : 'R', bytes)) {
    loop.add(connection_.fd(), this);
  }

  bool open() const { return open_; }
  bool done() const { return done_; }

  void begin() {
    size_t count;
    connection_.write(command_.data(), command_.size(), count);
    begun_ = true;
    ready();
  }

  void ready() override {
    if (!open_) open_ = connection_.handshake() == Progress::done;
    if (!begun_ || done_) return;
    done_ = sent_ ? receive() : send() && answered();
  }

 private:
  bool receive() {
    for (size_t count; left_ > 0; left_ -= count) {
      if (!goesOn(connection_.read(buffer, sizeof buffer, count))) return false;
    }
    return true;
  }

  bool send() {
    for (size_t count; left_ > 0; left_ -= count) {
      // A record at a time, as most programs write.
      size_t length = std::min(left_, uint64_t(16 * 1024));
      if (!goesOn(connection_.write(buffer, length, count))) return false;
    }
    return true;
  }

  bool answered() {
    size_t count;
    return goesOn(connection_.read(buffer, 1, count));
  }

  static bool goesOn(Progress progress) {
    if (progress == Progress::ended) throw std::runtime_error("closed in the middle");
    return progress == Progress::done;
  }

  TlsConnection connection_;
  bool sent_;
  uint64_t left_;
  std::string command_;
  bool open_ = false, begun_ = false, done_ = false;
};

}  // namespace

void runBulk(const Options& options) {
  TlsClient client(options);
  EventLoop loop;
  std::vector<std::unique_ptr<Transfer>> transfers;
  auto connections = static_cast<uint64_t>(options.number("connections"));
  auto bytes = static_cast<uint64_t>(options.number("bytes")) / connections;
  for (uint64_t i = 0; i < connections; i++) {
    transfers.push_back(
        std::make_unique<Transfer>(client, loop, options.text("direction") == "sent", bytes));
  }
  auto each = [&](bool (Transfer::*is)() const) {
    return std::all_of(transfers.begin(), transfers.end(), [&](auto& transfer) { return ((*transfer).*is)(); });
  };
  loop.runWhile([&] { return !each(&Transfer::open); });
  waitForGo();

  Clock::time_point start = Clock::now();
  double cpuBefore = ownCpu();
  for (auto& transfer : transfers) transfer->begin();
  loop.runWhile([&] { return !each(&Transfer::done); });
  std::printf("{\"bytes\":%lu,\"seconds\":%.6f,\"cpu\":%.0f}\n", bytes * connections, secondsSince(start),
              ownCpu() - cpuBefore);
}
