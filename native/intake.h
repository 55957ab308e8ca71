// A pipe that a run prints into, and what is to become of what it prints: how the output thread is given one, and how
// it gives it back for whoever reads it next. Nothing of it but the pipe holds any output.
#pragma once
#include <string>

#include "fact.h"
#include "fd.h"
#include "format.h"

namespace sentry {

struct Intake {
  RunId run = 0;
  int stream = 0;      // 0: stdout, 1: stderr
  Fd pipe;             // its read end
  int sink = 0;        // where it goes
  std::string label;   // "dummy.1514"
  int slot = 0;
  std::string colour;  // an SGR parameter, or empty
  bool open = false;   // it is read; otherwise from the line that `opens` its run
  std::string kept;    // the keeper files it under "out " or "err " and this; empty: it is not kept
  bool tell = false;   // its lines are told to JavaScript before they leave the pipe (telling.h)

  Speaker speaker() const { return {label, slot, stream}; }
  std::string keeper_label() const { return (stream == 0 ? "out " : "err ") + kept; }
};

}  // namespace sentry
