#include "../fault.h"

#include <cerrno>
#include <string>

#include "check.h"

using sentry::errno_name;

TEST("errnos have their names") {
  CHECK(std::string{errno_name(ENOENT)} == "ENOENT");
  CHECK(std::string{errno_name(EWOULDBLOCK)} == "EAGAIN");
  CHECK(std::string{errno_name(EHWPOISON)} == "EHWPOISON");
}

TEST("numbers that are no errno are still told") {
  CHECK(std::string{errno_name(0)} == "E0");
  CHECK(std::string{errno_name(4000)} == "E4000");
}

TEST("every number that the C library knows has a name here") {
  // 41 and 58 were never given out.
  for (int error = 1; error <= 133; ++error) {
    const bool named = std::string{errno_name(error)} != "E" + std::to_string(error);
    CHECK(named == (error != 41 && error != 58));
  }
}
