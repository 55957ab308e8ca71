// What the machine refused: the step that failed, the errno it gave, and what the step was about (a path, a name).
// Faults are values everywhere below addon.cc; nothing in native/ throws.
#pragma once
#include <string>

namespace sentry {

struct Fault {
  const char* step = "";  // a word of the field: "clone", "chdir", "exec" …
  int error = 0;          // an errno
  std::string subject;    // what it was tried on; may be empty
};

// The symbolic name of an errno ("ENOENT"), or "E<number>" for one that this table does not have. errno(3).
const char* errno_name(int error) noexcept;

}  // namespace sentry
