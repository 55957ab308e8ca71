// A look at what is in a pipe, without taking it out: tee(2) copies it into a scratch pipe (which costs references to
// pages, and moves no byte), and it is read from there; or only its last page, where all that is asked for is where the
// last line ends, and the rest goes to /dev/null by splice(2). One for all pipes, with the memory in which a batch is made.
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "batch.h"
#include "fd.h"

namespace sentry {

class Scratch {
 public:
  struct Copy {
    std::string_view bytes;  // none: the pipe has come to its end
    bool full;               // there is no room for more in the pipe, or here
  };
  // How many bytes were seen, and of these how many are whole lines.
  struct Look { size_t bytes, lines; };

  bool open() noexcept;
  // Takes on the size of the pipe that is to be copied. False where the kernel refuses that to this user. pipe(7),
  // pipe-user-pages-soft.
  bool fit(int capacity) noexcept;
  // What is in the pipe, and stays there. Nothing where it is empty.
  std::optional<Copy> copy(int pipe, int capacity);
  // Where its last line ends, of the first `most` bytes. Lines that end before the last page are not seen.
  std::optional<Look> look(int pipe, int capacity, size_t most);
  bool is_full(int pipe, int capacity);
  // Takes bytes out of a pipe, at most as many as it has, and returns how many; with errno where that is -1.
  ssize_t take(int pipe, size_t count) noexcept;
  // Gives back what a long line has made large.
  void shrink();

  Batch batch;

 private:
  std::optional<size_t> tee_in(int pipe, int capacity, size_t most) noexcept;
  bool has_room() const noexcept;
  void read_out(size_t size);

  Fd in_, out_, null_;
  int capacity_ = 0;
  std::vector<char> bytes_;
};

}  // namespace sentry
