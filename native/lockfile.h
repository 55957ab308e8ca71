// The PID file, which is also the lock: one Sentry per config. It is the flock(2) that counts, not the number in the
// file: a lock ends with its holder, however that ends, while a number stays behind.
#pragma once
#include <string>
#include <utility>
#include <variant>

#include "fault.h"
#include "fd.h"

namespace sentry {

// Holds the lock for as long as it lives. Letting go of it leaves the file, for the next one to take over.
class LockFile {
 public:
  // Of a file that is locked: by lock(), or by an earlier image of this process.
  LockFile(Fd fd, std::string path) noexcept : fd_(std::move(fd)), path_(std::move(path)) {}

  // To be inherited over an exec, with CLOEXEC taken off: the lock is the open file's, and goes along.
  int descriptor() const noexcept { return fd_.get(); }

  // A clean end: removes the file, if it is still this one at that path. The lock is held meanwhile, so it cannot be
  // a successor's. True if it was removed.
  bool remove() noexcept;

 private:
  Fd fd_;
  std::string path_;
};

// Somebody else has it. The pid is what the file says, 0 where it says nothing: to be shown, never to be signalled.
struct Holder {
  int pid;
};

// Makes the file if need be (mode 0600, no symlink, our own), locks it and writes this process's pid and a newline.
//
// A lock whose writer is dead is tried again for a second: a child that it had just cloned holds it until its exec.
// That long it also waits for a pid to be written by a holder that has only just taken the lock.
std::variant<LockFile, Holder, Fault> lock(const std::string& path);

}  // namespace sentry
