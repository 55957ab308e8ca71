// Users and groups by name or number. These ask the name services (nsswitch.conf(5)) and may block for long, so a
// Sentry that supervises calls them on its spawning threads only.
#pragma once
#include <sys/types.h>

#include <string>
#include <variant>
#include <vector>

#include "fault.h"

namespace sentry {

struct Account {
  uid_t uid;
  gid_t gid;
  std::vector<gid_t> groups;  // with the primary one. getgrouplist(3)
  std::string name;
  std::string home;
  std::string shell;
};

// A number that no account has is taken as it is: home "/", shell "/bin/sh", no supplementary groups.
// ENOENT for a name that does not exist.
std::variant<Account, Fault> find_account(const std::string& name_or_number);
std::variant<gid_t, Fault> find_group(const std::string& name_or_number);

// False only where it is certain that there is none: not where the name services cannot be asked.
bool user_may_exist(const std::string& name_or_number);
bool group_may_exist(const std::string& name_or_number);

}  // namespace sentry
