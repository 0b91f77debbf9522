#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <stdexcept>
#include "options.h"

// The address that host= and port= tell.
inline sockaddr_in addressOf(const Options& options) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(options.number("port")));
  if (inet_pton(AF_INET, options.text("host").c_str(), &address.sin_addr) != 1) {
    throw std::runtime_error("host= is no IPv4 address");
  }
  return address;
}

inline void sendAtOnce(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}
