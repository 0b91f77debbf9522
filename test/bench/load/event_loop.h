// epoll, edge-triggered: a handler goes on until its socket would block.
#pragma once
#include <sys/epoll.h>
#include <cerrno>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>

class Handler {
 public:
  virtual ~Handler() = default;
  // May delete itself: the loop does not touch it afterwards.
  virtual void ready() = 0;
};

[[noreturn]] inline void failErrno(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

class EventLoop {
 public:
  EventLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) failErrno("epoll_create1");
  }

  void add(int fd, Handler* handler) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = handler;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) < 0) failErrno("epoll_ctl");
  }

  // Asks `wanted` after whatever has happened, and every `pause` milliseconds.
  void runWhile(const std::function<bool()>& wanted, int pause = 1000) {
    epoll_event events[256];
    while (wanted()) {
      int count = epoll_wait(epoll_, events, 256, pause);
      if (count < 0 && errno != EINTR) failErrno("epoll_wait");
      for (int i = 0; i < count; i++) static_cast<Handler*>(events[i].data.ptr)->ready();
    }
  }

 private:
  int epoll_;
};
