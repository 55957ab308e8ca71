// A file for output, and its bounds: what the output thread is asked to open. src/native/addon.ts has the same.
#pragma once
#include <sys/types.h>

#include <string>

#include "format.h"

namespace sentry {

struct LogFile {
  std::string path;
  Format format = Format::raw;
  off_t max_size = 0;  // bytes; 0: any number
  int keep = 0;        // rotated files
  int echo = 0;        // the sink of a terminal that shows the same lines; 0: none
};

}  // namespace sentry
