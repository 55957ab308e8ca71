// How a line of output looks where it goes: the bytes alone, with a label, or as a JSON object.
//
//   raw       the bytes, and nothing of ours
//   shown     `HH:MM:SS dummy.1514      text`: a terminal, and what is kept of one (label.h)
//   prefixed  the same in a file: stderr has the label `dummy.1514/err`
//   json      {"at":"2026-11-22T06:35:00.123456Z","entry":"dummy","slot":0,"pid":1514,"stream":"stdout","text":"…"}
//
// A line that is longer than a pipe can be comes in pieces. With a label each but the last has a `+` behind it
// (`dummy.1514+`, `dummy.1514/err+`), and as JSON `"part":true` before its text: the next line of that process and stream
// goes on with it. Bytes that are not UTF-8 stand in JSON as `"base64"` in the place of `"text"` (json.h); so does a piece
// that was cut within a character. All others stand as they are, NUL and CR and escape sequences spelled as RFC 8259
// wants it.
#pragma once
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace sentry {

enum class Format : uint8_t { raw, shown, prefixed, json };

// What stands behind the text of a line.
enum class LineEnd : uint8_t {
  newline,
  none,  // the last one of a process, which has none
  part,  // none, for it is a piece of a longer line
};

// Who prints into a pipe.
struct Speaker {
  std::string label;  // "dummy.1514": entry and pid
  int slot = 0;
  int stream = 0;  // 0: stdout, 1: stderr
};

// Makes the lines of one batch: all of them have the same time.
class Lines {
 public:
  // `colour`: an SGR parameter, for `shown`; or empty.
  Lines(Format format, const Speaker& speaker, const std::string& colour, timespec now);

  // `text` is without its newline. All but raw end each line with one.
  void append(std::string& batch, std::string_view text, LineEnd end) const;

 private:
  Format format_;
  std::string start_, part_start_;  // what stands before the text
};

// Sentry's own word of lines that are missing here, with its newline. `error`: an errno, or 0 where nobody has read them.
// Raw has none. In JSON: {"at":"…","lost":3,"reason":"ENOSPC"}.
std::string lost_line(Format format, int64_t lines, int error, timespec now);

}  // namespace sentry
