// Lines from the front of a pipe, as the place where they go wants them, in one piece: what a sink is offered at once.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format.h"

namespace sentry {

class Batch {
 public:
  // Makes it of `bytes`. `rest`: what becomes of those behind the last newline; nothing: they are left out. No more than
  // about `most` bytes.
  void make(std::string_view bytes, std::optional<LineEnd> rest, const Lines& lines, size_t most);
  // Leaves out lines at its end that would make it longer than this.
  void trim(size_t most);
  void clear();

  bool empty() const noexcept { return cuts_.empty(); }
  std::string_view text() const noexcept { return text_; }
  size_t lines() const noexcept { return cuts_.size(); }
  // How many bytes of the pipe it stands for.
  size_t size_in_pipe() const noexcept { return empty() ? 0 : cuts_.back().in; }
  size_t first_line() const noexcept { return empty() ? 0 : cuts_.front().out; }

  // The lines that whoever took so many bytes of the text has, or has a part of.
  struct Begun {
    size_t lines;
    size_t text;     // where the last of them ends here …
    size_t in_pipe;  // … and in the pipe
  };
  Begun begun_by(size_t taken) const noexcept;

 private:
  struct Cut { size_t out, in; };  // where a line ends, in the text and in the pipe
  std::string text_;
  std::vector<Cut> cuts_;
};

}  // namespace sentry
