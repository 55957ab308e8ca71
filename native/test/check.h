// What the C++ tests are written with. Include it once per executable: main is here.
//
//   TEST("an exit is seen once") {
//     REQUIRE(pid > 0);             // the test ends here if not: nothing after it would mean anything
//     CHECK(exit.code == 3);        // noted, and the test goes on
//     if (!allowed) SKIP("no permission for user namespaces");
//   }
//
// One line is printed per test; the exit code is 1 if any failed. Arguments choose tests by a part of their
// sentence. CHECK may be used from any thread, but not in a forked child: what fails there, its exit code must tell.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

namespace check {

struct Test {
  const char* sentence;
  void (*body)();
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

struct Registration {
  Registration(const char* sentence, void (*body)()) { tests().push_back({sentence, body}); }
};

inline std::atomic<int> failures{0};
inline const char* skipped = nullptr;

inline bool note(bool holds, const char* condition, const char* file, int line) {
  if (!holds) {
    ++failures;
    std::printf("     %s:%d: not so: %s\n", file, line, condition);
  }
  return holds;
}

inline bool chosen(const char* sentence, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strstr(sentence, argv[i]) != nullptr) return true;
  }
  return argc < 2;
}

// Whether the test passed. Prints what became of it, and how long it took.
inline bool run(const Test& test) {
  const int before = failures;
  skipped = nullptr;
  const auto start = std::chrono::steady_clock::now();
  test.body();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  const bool passed = failures == before;
  const char* outcome = !passed ? "FAIL" : skipped != nullptr ? "skip" : "ok  ";
  std::printf("%s %s (%.0f ms)%s%s\n", outcome, test.sentence, took.count(), skipped ? ": " : "", skipped ? skipped : "");
  return passed;
}

}  // namespace check

#define CHECK_JOIN2(a, b) a##b
#define CHECK_JOIN(a, b) CHECK_JOIN2(a, b)

#define TEST(sentence)                                                                                     \
  static void CHECK_JOIN(test_, __LINE__)();                                                               \
  static const check::Registration CHECK_JOIN(registered_, __LINE__)(sentence, CHECK_JOIN(test_, __LINE__)); \
  static void CHECK_JOIN(test_, __LINE__)()

#define CHECK(...) check::note(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

#define REQUIRE(...)              \
  do {                            \
    if (!CHECK(__VA_ARGS__)) return; \
  } while (false)

#define SKIP(reason)         \
  do {                       \
    check::skipped = reason; \
    return;                  \
  } while (false)

int main(int argc, char** argv) {
  // Line by line even into a pipe: a test that forks must not print twice what was still buffered.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  int ran = 0;
  int failed = 0;
  for (const check::Test& test : check::tests()) {
    if (!check::chosen(test.sentence, argc, argv)) continue;
    ++ran;
    if (!check::run(test)) ++failed;
  }
  std::printf("%d passed, %d failed\n", ran - failed, failed);
  // A choice that chose nothing is a mistake, not a success.
  return failed == 0 && ran > 0 ? 0 : 1;
}
