// Waits for a condition, looking again each millisecond: for what can be seen, but wakes nobody.
#pragma once
#include <chrono>
#include <functional>
#include <thread>

// A bound for what must happen; far above what it takes, so that only what never happens runs into it.
constexpr std::chrono::seconds kNever{60};

inline bool until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kNever;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}
