// No descriptors are left in this process, but for so many.
#pragma once
#include <sys/resource.h>
#include <unistd.h>

class FullTable {
 public:
  explicit FullTable(int left = 0) {
    const int lowest = dup(0);
    close(lowest);
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit full{static_cast<rlim_t>(lowest + left), before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &full);
  }
  ~FullTable() { setrlimit(RLIMIT_NOFILE, &before_); }

  FullTable(const FullTable&) = delete;
  FullTable& operator=(const FullTable&) = delete;

 private:
  rlimit before_{};
};
