#include "account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include <charconv>
#include <optional>

namespace sentry {

namespace {

std::optional<unsigned> number_in(const std::string& text) noexcept {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // (uid_t)-1 means "no change" to setresuid(2).
  if (error != std::errc{} || end != text.data() + text.size() || number == ~0u) return std::nullopt;
  return number;
}

// getpwnam_r(3) and its three sisters want a buffer, and say ERANGE until it is large enough. That there is no such entry is
// no error for some of the name services, and one of four for others: it is always ENOENT here.
template <typename Entry, typename Key>
int look_up(int (*get)(Key, Entry*, char*, size_t, Entry**), Key key, Entry& entry, std::vector<char>& buffer, bool& found) {
  Entry* result = nullptr;
  int error = ERANGE;
  for (size_t size = 1024; error == ERANGE && size <= size_t{1} << 20; size *= 4) {
    buffer.resize(size);
    error = get(key, &entry, buffer.data(), buffer.size(), &result);
  }
  found = result != nullptr;
  const bool absent = error == 0 || error == ESRCH || error == EBADF || error == EPERM;
  return !found && absent ? ENOENT : error;
}

std::vector<gid_t> groups_of(const char* name, gid_t primary) {
  int count = 32;
  std::vector<gid_t> groups(static_cast<size_t>(count));
  while (getgrouplist(name, primary, groups.data(), &count) < 0) {
    // glibc tells how many there are; musl does not always, so it is grown in any case.
    count = std::max(count, static_cast<int>(groups.size()) * 2);
    groups.resize(static_cast<size_t>(count));
  }
  groups.resize(static_cast<size_t>(count));
  return groups;
}

template <typename Found>
bool may_exist(const std::variant<Found, Fault>& found) {
  const auto* fault = std::get_if<Fault>(&found);
  return !fault || fault->error != ENOENT;
}

}  // namespace

std::variant<Account, Fault> find_account(const std::string& name_or_number) {
  passwd entry{};
  std::vector<char> buffer;
  bool found = false;
  const auto number = number_in(name_or_number);
  const int error = number ? look_up<passwd, uid_t>(getpwuid_r, *number, entry, buffer, found)
                           : look_up<passwd, const char*>(getpwnam_r, name_or_number.c_str(), entry, buffer, found);
  if (found) {
    return Account{entry.pw_uid, entry.pw_gid, groups_of(entry.pw_name, entry.pw_gid),
                   entry.pw_name, entry.pw_dir, entry.pw_shell && *entry.pw_shell ? entry.pw_shell : "/bin/sh"};
  }
  if (number) return Account{*number, static_cast<gid_t>(*number), {}, name_or_number, "/", "/bin/sh"};
  return Fault{"user", error, name_or_number};
}

std::variant<gid_t, Fault> find_group(const std::string& name_or_number) {
  if (const auto number = number_in(name_or_number)) return static_cast<gid_t>(*number);
  group entry{};
  std::vector<char> buffer;
  bool found = false;
  const int error = look_up<group, const char*>(getgrnam_r, name_or_number.c_str(), entry, buffer, found);
  if (found) return entry.gr_gid;
  return Fault{"group", error, name_or_number};
}

bool user_may_exist(const std::string& name_or_number) { return may_exist(find_account(name_or_number)); }

bool group_may_exist(const std::string& name_or_number) { return may_exist(find_group(name_or_number)); }

}  // namespace sentry
