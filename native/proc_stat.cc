#include "proc_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>

#include "fd.h"

namespace sentry {

std::optional<ProcStat> parse_stat(std::string_view text) noexcept {
  constexpr int kParent = 4, kGroup = 5, kSession = 6;
  constexpr int kUser = 14, kSystem = 15, kChildrenUser = 16, kChildrenSystem = 17;
  constexpr int kStart = 22, kResident = 24, kEnvironmentEnd = 51, kStatus = 52;
  const size_t name = text.find('(');
  const size_t name_end = text.rfind(')');
  if (name_end == text.npos || name > name_end || name_end + 2 >= text.size()) return std::nullopt;
  ProcStat stat;
  stat.name = text.substr(name + 1, name_end - name - 1);
  stat.state = text[name_end + 2];
  text.remove_prefix(name_end + 3);  // each field that follows has a space in front
  for (int field = 4; field <= kStatus; ++field) {
    if (text.empty() || text.front() != ' ') return std::nullopt;
    text.remove_prefix(1);
    const char* const end = text.data() + text.size();
    std::from_chars_result read{text.data(), {}};
    const auto take = [&](auto& number) { read = std::from_chars(text.data(), end, number); };
    switch (field) {
      case kParent: take(stat.parent); break;
      case kGroup: take(stat.group); break;
      case kSession: take(stat.session); break;
      case kUser: take(stat.user_ticks); break;
      case kSystem: take(stat.system_ticks); break;
      case kChildrenUser: take(stat.children_user_ticks); break;
      case kChildrenSystem: take(stat.children_system_ticks); break;
      case kStart: take(stat.start_ticks); break;
      case kResident: take(stat.resident_pages); break;
      case kEnvironmentEnd: take(stat.environment_end); break;
      case kStatus: take(stat.wait_status); break;
      default: break;
    }
    if (read.ec != std::errc{}) return std::nullopt;
    const size_t next = text.find_first_of(" \n");
    text.remove_prefix(next == text.npos ? text.size() : next);
  }
  return stat;
}

std::optional<ProcStat> read_stat(int pid) noexcept {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  return read_stat_at(AT_FDCWD, path);
}

std::optional<ProcStat> read_stat_at(int folder, const char* path) noexcept {
  const Fd file(openat(folder, path, O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  char text[2048];  // 52 numbers and a name: never this long
  ssize_t length;
  do {
    length = read(file.get(), text, sizeof text);
  } while (length < 0 && errno == EINTR);
  return length > 0 ? parse_stat({text, static_cast<size_t>(length)}) : std::nullopt;
}

}  // namespace sentry
