// Handshakes, one after the other in each of `concurrency` slots: connect, handshake, one byte to the backend and back,
// close. With resume=1 every counted one offers the latest session of its slot; with pause=N there are N milliseconds
// before each.
#include <memory>
#include <thread>
#include "event_loop.h"
#include "modes.h"
#include "run.h"
#include "tls_client.h"

namespace {

struct Counts {
  uint64_t handshakes = 0;
  uint64_t resumed = 0;
  uint64_t failed = 0;
  std::string failure;
  std::vector<double> latencies;
};

class Slot : public Handler {
 public:
  Slot(const TlsClient& client, EventLoop& loop, bool keepsSession, int pause)
      : client_(client), loop_(loop), keepsSession_(keepsSession), pause_(pause) {}

  bool busy() const { return connection_ != nullptr; }

  // Begins a connection, and further ones as long as `more` says so.
  void start(Counts& counts, std::function<bool()> more) {
    counts_ = &counts;
    more_ = std::move(more);
    next();
  }

  void ready() override {
    if (connection_ == nullptr) return;
    try {
      if (advance()) end();
    } catch (const std::exception& error) {
      counts_->failed++;
      counts_->failure = error.what();
      end();
    }
  }

 private:
  enum class State { handshake, answer, close };

  void next() {
    if (pause_.count() > 0) std::this_thread::sleep_for(pause_);
    began_ = Clock::now();
    state_ = State::handshake;
    connection_ = std::make_unique<TlsConnection>(client_, keepsSession_ ? &session_ : nullptr);
    loop_.add(connection_->fd(), this);
  }

  void end() {
    connection_.reset();
    if (more_()) next();
  }

  // Whether the connection has ended.
  bool advance() {
    if (state_ == State::handshake) {
      if (connection_->handshake() != Progress::done) return false;
      counts_->latencies.push_back(secondsSince(began_));
      size_t count;
      std::string request = backendCommand('E', 0) + "x";
      connection_->write(request.data(), request.size(), count);
      state_ = State::answer;
    }
    char bytes[64];
    size_t count;
    if (state_ == State::answer) {
      Progress progress = connection_->read(bytes, sizeof bytes, count);
      if (progress == Progress::blocked) return false;
      if (progress == Progress::ended) throw std::runtime_error("closed without an answer");
      counts_->handshakes++;
      counts_->resumed += connection_->resumed();
      connection_->finish();
      state_ = State::close;
    }
    // Whatever ends it now: the server's close_notify, its FIN, or a reset.
    try {
      return connection_->read(bytes, sizeof bytes, count) != Progress::blocked;
    } catch (const std::exception&) {
      return true;
    }
  }

  const TlsClient& client_;
  EventLoop& loop_;
  bool keepsSession_;
  std::chrono::milliseconds pause_;
  SessionSlot session_;
  std::unique_ptr<TlsConnection> connection_;
  State state_ = State::handshake;
  Clock::time_point began_;
  Counts* counts_ = nullptr;
  std::function<bool()> more_;
};

}  // namespace

void runHandshakes(const Options& options) {
  TlsClient client(options);
  EventLoop loop;
  bool resume = options.text("resume", "0") == "1";
  int pause = std::stoi(options.text("pause", "0"));
  std::vector<std::unique_ptr<Slot>> slots;
  for (int i = 0; i < options.number("concurrency"); i++) {
    slots.push_back(std::make_unique<Slot>(client, loop, resume, pause));
  }
  auto anyBusy = [&] { return std::any_of(slots.begin(), slots.end(), [](auto& slot) { return slot->busy(); }); };

  if (resume) {
    Counts uncounted;
    for (auto& slot : slots) slot->start(uncounted, [] { return false; });
    loop.runWhile(anyBusy);
    if (uncounted.failed > 0) throw std::runtime_error(uncounted.failure);
  }
  waitForGo();

  Counts counts;
  Clock::time_point start = Clock::now();
  double cpuBefore = ownCpu(), seconds = options.number("seconds");
  auto limit = static_cast<uint64_t>(std::stod(options.text("count", "1e18")));
  uint64_t started = slots.size();
  auto more = [&] { return secondsSince(start) < seconds && counts.failed == 0 && started < limit && ++started; };
  for (auto& slot : slots) slot->start(counts, more);
  loop.runWhile(anyBusy);

  std::printf("{\"handshakes\":%lu,\"resumed\":%lu,\"failed\":%lu,\"failure\":\"%s\",\"seconds\":%.6f,\"cpu\":%.0f,",
              counts.handshakes, counts.resumed, counts.failed, counts.failure.c_str(), secondsSince(start),
              ownCpu() - cpuBefore);
  printLatencies(counts.latencies);
  std::puts("}");
}
