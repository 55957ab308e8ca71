#include "../account.h"

#include <grp.h>

#include "check.h"

using namespace sentry;

TEST("a name that the machine has not may not exist, and one that it has may") {
  CHECK(user_may_exist("root"));
  CHECK(!user_may_exist("no-such-user"));
  CHECK(group_may_exist(getgrgid(0)->gr_name));
  CHECK(!group_may_exist("no-such-group"));
}

TEST("a number needs no name, but -1 is none") {
  for (const char* number : {"0", "4000000"}) {
    CHECK(user_may_exist(number));
    CHECK(group_may_exist(number));
  }
  for (const char* number : {"-1", "4294967295"}) {
    CHECK(!user_may_exist(number));
    CHECK(!group_may_exist(number));
  }
}
