// How a line of output begins: `HH:MM:SS label`, padded with spaces to 25 columns, or followed by one space where it is
// longer. The colour (an SGR parameter, "36") wraps time and label; the padding stays outside it. Times are local.
#pragma once
#include <ctime>
#include <string>

namespace sentry {

std::string line_start(time_t second, const std::string& label, const std::string& colour);

}  // namespace sentry
