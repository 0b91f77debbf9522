// What stands behind every server that is measured. A connection begins with a command of 9 bytes, a letter and a
// big-endian number: 'E' echoes all that follows, 'S' sends so many bytes, 'R' receives so many and answers one byte.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cstdint>
#include <cstdio>
#include "event_loop.h"
#include "modes.h"
#include "sockets.h"

namespace {

constexpr size_t commandLength = 9;
char zeros[256 * 1024];

class Connection : public Handler {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection() override { close(fd_); }

  void ready() override {
    if (!step()) delete this;
  }

 private:
  // Whether the connection goes on.
  bool step() {
    if (received_ < commandLength && !readCommand()) return !ended_;
    switch (command_[0]) {
      case 'E': return echo();
      case 'S': return sendAll() && (left_ > 0 || drain());
      case 'R': return receiveAll() && (left_ > 0 || drain());
      default: return false;
    }
  }

  bool readCommand() {
    ssize_t count = recv(fd_, command_ + received_, commandLength - received_, 0);
    if (count <= 0) {
      ended_ = count == 0 || errno != EAGAIN;
      return false;
    }
    received_ += count;
    if (received_ < commandLength) return readCommand();
    for (size_t i = 1; i < commandLength; i++) left_ = left_ << 8 | uint8_t(command_[i]);
    return true;
  }

  // An echo here is of a few bytes, which always fit into the socket's buffer.
  bool echo() {
    char bytes[4096];
    for (;;) {
      ssize_t count = recv(fd_, bytes, sizeof bytes, 0);
      if (count <= 0) return count < 0 && errno == EAGAIN;
      if (send(fd_, bytes, count, MSG_NOSIGNAL) != count) return false;
    }
  }

  bool sendAll() {
    while (left_ > 0) {
      ssize_t count = send(fd_, zeros, std::min(left_, uint64_t(sizeof zeros)), MSG_NOSIGNAL);
      if (count < 0) return errno == EAGAIN;
      left_ -= count;
    }
    return true;
  }

  bool receiveAll() {
    while (left_ > 0) {
      // tcp(7): with MSG_TRUNC the bytes are dropped in the kernel, uncopied.
      ssize_t count = recv(fd_, nullptr, std::min(left_, uint64_t(1) << 20), MSG_TRUNC);
      if (count <= 0) return count < 0 && errno == EAGAIN;
      left_ -= count;
      if (left_ == 0) send(fd_, zeros, 1, MSG_NOSIGNAL);
    }
    return true;
  }

  // Until the other side ends.
  bool drain() {
    char bytes[64];
    for (;;) {
      ssize_t count = recv(fd_, bytes, sizeof bytes, 0);
      if (count <= 0) return count < 0 && errno == EAGAIN;
    }
  }

  int fd_;
  char command_[commandLength];
  size_t received_ = 0;
  uint64_t left_ = 0;
  bool ended_ = false;
};

class Listener : public Handler {
 public:
  Listener(int fd, EventLoop& loop) : fd_(fd), loop_(loop) {}

  void ready() override {
    for (int fd; (fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      sendAtOnce(fd);
      loop_.add(fd, new Connection(fd));
    }
  }

 private:
  int fd_;
  EventLoop& loop_;
};

}  // namespace

void runBackend(const Options& options) {
  EventLoop loop;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = addressOf(options);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) failErrno("bind");
  if (listen(fd, 65535) < 0) failErrno("listen");
  Listener listener(fd, loop);
  loop.add(fd, &listener);
  std::puts("ready");
  std::fflush(stdout);
  loop.runWhile([] { return true; });
}
