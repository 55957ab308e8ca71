#include "telling.h"

namespace sentry {

Told told_of(std::string_view bytes, bool all) {
  size_t end = 0;
  while (end < bytes.size()) {
    const size_t newline = bytes.find('\n', end);
    if (newline == std::string_view::npos && !all) break;
    const size_t next = newline == std::string_view::npos ? bytes.size() : newline + 1;
    if (next > most_told && end > 0) break;
    end = next;
  }
  Told told{end, std::string(bytes.substr(0, end).substr(0, most_told))};
  const bool cut = end > most_told && bytes[most_told] != '\n';
  if (cut) told.text += line_goes_on;
  if (end > 0 && told.text.back() != '\n') told.text += '\n';
  return told;
}

}  // namespace sentry
