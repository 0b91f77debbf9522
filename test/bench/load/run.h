// What the modes that put load on a server have in common.
#pragma once
#include <sys/resource.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <vector>

using Clock = std::chrono::steady_clock;

inline double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Tells that everything is prepared, and waits for a line: whoever measures reads its clocks in between.
inline void waitForGo() {
  std::puts("ready");
  std::fflush(stdout);
  std::string line;
  if (!std::getline(std::cin, line)) throw std::runtime_error("nobody said go");
}

// This process's own CPU time, in microseconds.
inline double ownCpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto micros = [](const timeval& time) { return time.tv_sec * 1e6 + time.tv_usec; };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

inline double percentile(const std::vector<double>& sorted, double fraction) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<size_t>(std::ceil(fraction * (sorted.size() - 1)))];
}

// As the members of a JSON object, in microseconds.
inline void printLatencies(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  std::printf("\"p50\":%.1f,\"p99\":%.1f,\"longest\":%.1f", percentile(seconds, 0.5) * 1e6,
              percentile(seconds, 0.99) * 1e6, seconds.empty() ? 0 : seconds.back() * 1e6);
}
