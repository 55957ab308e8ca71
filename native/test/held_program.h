// A start that takes as long as a test wants it to.
#pragma once
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "../fd.h"

// A program under a write lease: opening it waits until the lease is given back (or 45 s, fcntl(2)). What a dead
// network mount does for ever.
class HeldProgram {
 public:
  HeldProgram() {
    copy_.reset(mkostemp(path, O_CLOEXEC));
    sentry::Fd from(open("/bin/true", O_RDONLY | O_CLOEXEC));
    char buffer[65536];
    for (ssize_t n; (n = read(from.get(), buffer, sizeof buffer)) > 0;)
      if (write(copy_.get(), buffer, static_cast<size_t>(n)) != n) return;
    fchmod(copy_.get(), 0755);
    copy_.reset(open(path, O_RDONLY | O_CLOEXEC));
    signal(SIGIO, SIG_IGN);
    held = fcntl(copy_.get(), F_SETLEASE, F_WRLCK) == 0;
  }
  ~HeldProgram() { unlink(path); }
  void let_go() { fcntl(copy_.get(), F_SETLEASE, F_UNLCK); }

  char path[32] = "/tmp/sentry-held-XXXXXX";
  bool held = false;

 private:
  sentry::Fd copy_;
};
