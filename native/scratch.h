// A look at what is in a pipe, without taking it out: tee(2) copies it into a scratch pipe (which costs references to
// pages, and moves no byte), and it is read from there. One for all pipes, with the memory in which a batch is made.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fd.h"

namespace sentry {

class Scratch {
 public:
  struct Copy {
    std::string_view bytes;  // none: the pipe has come to its end
    bool full;               // there is no room for more in the pipe, or here
  };

  bool open() noexcept;
  // Takes on the size of the pipe that is to be copied. False where the kernel refuses that to this user. pipe(7),
  // pipe-user-pages-soft.
  bool fit(int capacity) noexcept;
  // What is in the pipe, and stays there. Nothing where it is empty.
  std::optional<Copy> copy(int pipe, int capacity);
  // Takes bytes out of a pipe that has them.
  void take(int pipe, size_t count) noexcept;
  // Gives back what a long line has made large.
  void shrink();

  struct Cut { size_t out, in; };  // where a line ends, in the batch and in the pipe
  std::string batch;
  std::vector<Cut> cuts;

 private:
  Fd in_, out_;
  int capacity_ = 0;
  std::vector<char> bytes_;
};

}  // namespace sentry
