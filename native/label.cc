#include "label.h"

namespace sentry {

std::string line_start(time_t second, const std::string& label, const std::string& colour) {
  constexpr size_t column = 25;
  tm local{};
  localtime_r(&second, &local);
  char clock[16];
  std::string start(clock, strftime(clock, sizeof clock, "%H:%M:%S ", &local));
  start += label;
  // Labels are ASCII (entry names are), so that bytes are columns.
  const size_t padding = start.size() < column ? column - start.size() : 1;
  if (!colour.empty()) start = "\x1b[" + colour + "m" + start + "\x1b[0m";
  return start.append(padding, ' ');
}

}  // namespace sentry
