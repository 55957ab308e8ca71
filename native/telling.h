// What of a pipe is told to JavaScript, where somebody waits for a line in it: a batch of whole lines. They stay in the
// pipe until JavaScript has said that it has looked at them, and the next batch is told after that. So a SIGKILL of Sentry
// at any moment loses no line: what nobody has looked at is still in the pipe, and is told to whoever reads it next.
//
// A line is what a sink with labels would show as one. The last one of a run may come without its newline, and one that
// is longer than a pipe can be comes in pieces, each a line there and here.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace sentry {

// Of one batch. Of a longer line only its beginning is told: a pattern that asks for more asks for too much. What stands
// behind that says so: else a pattern with `$` would take the cut for the line's end.
constexpr size_t most_told = 64 * 1024;
constexpr std::string_view line_goes_on = "\uFFFD";

struct Told {
  size_t bytes;      // that it stands for in the pipe; 0: there is no line yet
  std::string text;  // each of its lines ends with a newline
};

// `all`: what stands after the last newline is a line too.
Told told_of(std::string_view bytes, bool all);

}  // namespace sentry
