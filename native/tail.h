// The newest output of an entry that has no file, kept for whoever asks later. What goes to a terminal is gone once it has
// scrolled away, or was dropped there because nobody read it; here every line stays a while, as the terminal shows it but
// for the colours.
//
// A tail is a memfd that is written like a file: each byte has its offset for ever. What lies further back than
// kKeptTail is given back to the system page by page (FALLOC_FL_PUNCH_HOLE), so offsets only grow and memory does not. Who
// reads takes the size again after each read: what by then lies further back may have been zeros. Being a
// descriptor, a tail outlives an exec, and with the keeper a SIGKILL, which can tear a line: a write ends between two pages.
//
// It is opened once more through /proc/self/fd: since Linux 6.14 a file that was never opened by a name tells inotify(7)
// nothing (FMODE_NONOTIFY, fs/file_table.c), and followers wait with that.
#pragma once
#include <sys/types.h>

#include <string_view>
#include <variant>

#include "fault.h"
#include "fd.h"

namespace sentry {

// src/output/log-file.ts has the same number.
constexpr off_t kKeptTail = 256 * 1024;

// A new one, empty.
std::variant<Fd, Fault> open_tail();

// The one who writes to it.
class Tail {
 public:
  // Goes on where it ends, after a newline if a torn line stands there.
  explicit Tail(Fd fd) noexcept;

  // Whole lines.
  void append(std::string_view lines) noexcept;

 private:
  bool write_at_end(std::string_view lines) noexcept;
  void begin_anew() noexcept;
  void forget() noexcept;

  Fd fd_;
  off_t end_ = 0;
  off_t forgotten_ = 0;  // nothing is left before this
};

}  // namespace sentry
