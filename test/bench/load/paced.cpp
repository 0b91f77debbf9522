// Full handshakes at a steady rate, each begun when it is due whether or not those before have ended, until stdin ends.
// One line each: when it began, when it ended, and how; in milliseconds since 1970:
//
//    1781234567890.123 1781234567893.456 ok 3f00a1…  (the serial number of the certificate that was shown, verified)
//    1781234567890.123 1781234570890.456 failed handshake: …
//
// The last line is "postponed N": how many did not begin because `open` others were under way.
#include <openssl/bn.h>
#include <openssl/x509.h>
#include <fcntl.h>
#include <unistd.h>
#include <list>
#include <memory>
#include "event_loop.h"
#include "modes.h"
#include "run.h"
#include "tls_client.h"

namespace {

double milliseconds() {
  return std::chrono::duration<double, std::milli>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// The leaf's, in hexadecimal.
std::string serialNumber(const TlsConnection& connection) {
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(connection.certificate()), nullptr);
  char* text = BN_bn2hex(number);
  std::string serial = text;
  OPENSSL_free(text);
  BN_free(number);
  return serial;
}

class PacedHandshake : public Handler {
 public:
  PacedHandshake(const TlsClient& client, EventLoop& loop) : begun_(milliseconds()), connection_(client, nullptr) {
    loop.add(connection_.fd(), this);
  }

  void ready() override {
    if (ended_) return;
    try {
      if (connection_.handshake() != Progress::done) return;
      end("ok " + serialNumber(connection_));
      connection_.finish();
    } catch (const std::exception& error) {
      end(std::string("failed ") + error.what());
    }
  }

  void endIfOlderThan(double age) {
    if (!ended_ && milliseconds() - begun_ > age) end("failed no end in time");
  }

  bool ended() const { return ended_; }

 private:
  void end(const std::string& outcome) {
    ended_ = true;
    std::printf("%.3f %.3f %s\n", begun_, milliseconds(), outcome.c_str());
  }

  double begun_;
  TlsConnection connection_;
  bool ended_ = false;
};

// Ends with stdin.
class Signal : public Handler {
 public:
  explicit Signal(EventLoop& loop) {
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    loop.add(STDIN_FILENO, this);
  }

  void ready() override {
    char bytes[64];
    ssize_t count;
    while ((count = read(STDIN_FILENO, bytes, sizeof bytes)) > 0) {}
    stopped_ = stopped_ || count == 0;
  }

  bool stopped() const { return stopped_; }

 private:
  bool stopped_ = false;
};

}  // namespace

void runPaced(const Options& options) {
  TlsClient client(options);
  EventLoop loop;
  const double rate = options.number("rate"), patience = options.number("patience") * 1000;
  const auto mostOpen = static_cast<size_t>(options.number("open"));
  waitForGo();

  Signal signal(loop);
  std::list<std::unique_ptr<PacedHandshake>> handshakes;
  const Clock::time_point start = Clock::now();
  uint64_t begun = 0, postponed = 0;
  Clock::time_point swept = start;
  auto tick = [&] {
    // Not after each event: that would cost more than the handshakes once many are under way.
    if (secondsSince(swept) > 0.02) {
      swept = Clock::now();
      for (auto& handshake : handshakes) handshake->endIfOlderThan(patience);
      handshakes.remove_if([](auto& handshake) { return handshake->ended(); });
    }
    const auto due = static_cast<uint64_t>(secondsSince(start) * rate);
    while (!signal.stopped() && begun + postponed < due) {
      if (handshakes.size() < mostOpen) {
        begun++;
        handshakes.push_back(std::make_unique<PacedHandshake>(client, loop));
      } else {
        postponed++;
      }
    }
    std::fflush(stdout);
    return !signal.stopped() || !handshakes.empty();
  };
  loop.runWhile(tick, 2);
  std::printf("postponed %lu\n", postponed);
}
