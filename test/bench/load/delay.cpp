// A link between two network namespaces that takes its time: a TUN device in each, and every IP packet of either is
// handed to the other after the delay. For kernels without netem. Lines on stdin set the delay, one way, in microseconds.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <cstring>
#include <deque>
#include <vector>
#include "event_loop.h"
#include "modes.h"
#include "run.h"

namespace {

// The TUN device of that name in a namespace of /run/netns; the calling thread stays there.
int openTun(const std::string& nameSpace, const std::string& device) {
  int space = open(("/run/netns/" + nameSpace).c_str(), O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET) < 0) failErrno("enter the namespace " + nameSpace);
  close(space);
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) failErrno("open /dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, device.c_str(), IFNAMSIZ - 1);
  if (ioctl(fd, TUNSETIFF, &request) < 0) failErrno("create the device " + device);
  return fd;
}

struct Packet {
  Clock::time_point due;
  std::vector<char> bytes;
};

// One direction.
class Lane {
 public:
  Lane(int from, int to) : from_(from), to_(to) {}

  int from() const { return from_; }

  void take(std::chrono::microseconds delay) {
    char bytes[65536];
    for (ssize_t count; (count = read(from_, bytes, sizeof bytes)) > 0;) {
      packets_.push_back({Clock::now() + delay, {bytes, bytes + count}});
    }
  }

  void deliver() {
    for (; !packets_.empty() && packets_.front().due <= Clock::now(); packets_.pop_front()) {
      const auto& bytes = packets_.front().bytes;
      // What does not fit, or comes before the other side is up, is lost, as on any link.
      if (write(to_, bytes.data(), bytes.size()) < 0 && errno != EAGAIN && errno != EIO) failErrno("write a packet");
    }
  }

  // Moves `next` forward to when this lane has something to deliver.
  void earliest(Clock::time_point& next) const {
    if (!packets_.empty()) next = std::min(next, packets_.front().due);
  }

 private:
  int from_, to_;
  std::deque<Packet> packets_;
};

timespec until(Clock::time_point due) {
  auto left = std::chrono::nanoseconds(std::max(due - Clock::now(), Clock::duration(0)));
  return {left.count() / 1'000'000'000, left.count() % 1'000'000'000};
}

// Whether stdin is still open.
bool readDelay(std::chrono::microseconds& delay) {
  std::string line;
  if (!std::getline(std::cin, line)) return false;
  delay = std::chrono::microseconds(std::stol(line));
  std::puts("set");
  std::fflush(stdout);
  return true;
}

}  // namespace

void runDelay(const Options& options) {
  const std::string device = options.text("device");
  int first = openTun(options.text("first"), device), second = openTun(options.text("second"), device);
  Lane lanes[] = {{first, second}, {second, first}};
  std::chrono::microseconds delay{0};
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    auto next = Clock::now() + std::chrono::seconds(1);
    for (Lane& lane : lanes) lane.earliest(next);
    pollfd events[] = {{first, POLLIN, 0}, {second, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    timespec timeout = until(next);
    if (ppoll(events, 3, &timeout, nullptr) < 0 && errno != EINTR) failErrno("ppoll");
    if (events[2].revents != 0 && !readDelay(delay)) return;
    for (Lane& lane : lanes) {
      lane.take(delay);
      lane.deliver();
    }
  }
}
