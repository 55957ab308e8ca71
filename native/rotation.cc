#include "rotation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>

namespace sentry {

namespace {

// Never through a link: neither lstat(2) nor rename(2) nor unlink(2) follows one that is the last part of its path.
std::optional<struct stat> look_at(const std::string& path) noexcept {
  struct stat about{};
  return lstat(path.c_str(), &about) == 0 ? std::optional(about) : std::nullopt;
}

bool is_file(const std::string& path) noexcept {
  const auto about = look_at(path);
  return about && S_ISREG(about->st_mode);
}

// RFC 1952, 2.3.1: the last four bytes are the size of what was compressed, modulo 2^32, the lowest byte first.
bool holds_all_of(const Fd& packed, off_t packed_size, off_t size) noexcept {
  std::array<unsigned char, 4> last{};
  if (pread(packed.get(), last.data(), last.size(), packed_size - 4) != 4) return false;
  uint32_t held = 0;
  for (size_t i = 0; i < last.size(); ++i) held |= static_cast<uint32_t>(last[i]) << (8 * i);
  return held == static_cast<uint32_t>(size);
}

std::optional<Fault> unlink_file(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return Fault{"unlink", errno, path};
}

// rename(2) would move a folder as well, but no folder is a log.
std::optional<Fault> rename_file(const std::string& from, const std::string& to) {
  const auto about = look_at(from);
  if (about && S_ISDIR(about->st_mode)) return Fault{"rename", EISDIR, from};
  if (!about || rename(from.c_str(), to.c_str()) == 0) return {};
  return Fault{"rename", errno, from};
}

}  // namespace

// Both are there only after a SIGKILL in pack(). Then the packed one is whole: it has its name only since it is.
struct Rotation::Numbered {
  std::string plain, packed;

  Numbered(const std::string& path, long number)
      : plain(path + "." + std::to_string(number)), packed(plain + ".gz") {}

  bool is_free() const noexcept { return !look_at(plain) && !look_at(packed); }
  std::optional<Fault> remove() const {
    if (auto fault = unlink_file(plain)) return fault;
    return unlink_file(packed);
  }
  std::optional<Fault> move_to(const Numbered& next) const {
    if (is_file(packed)) {
      if (auto fault = unlink_file(plain)) return fault;
    }
    if (auto fault = rename_file(packed, next.packed)) return fault;
    return rename_file(plain, next.plain);
  }
};

std::optional<Fault> Rotation::rotate() const {
  remove_surplus();
  if (keep_ <= 0) return unlink_file(path_);
  if (auto fault = make_room()) return fault;
  if (rename(path_.c_str(), Numbered(path_, 1).plain.c_str()) == 0) return {};
  return Fault{"rename", errno, path_};
}

// `keep` may have been larger. From the last one down, so that a SIGKILL leaves no gap which would hide the rest. What
// cannot be removed is no reason to let FILE grow.
void Rotation::remove_surplus() const {
  const long most = std::max(keep_, 0);
  long last = most;
  while (!Numbered(path_, last + 1).is_free()) ++last;
  for (; last > most; --last) Numbered(path_, last).remove();
}

// Makes FILE.1 free.
std::optional<Fault> Rotation::make_room() const {
  long free = 1;
  while (free < keep_ && !Numbered(path_, free).is_free()) ++free;
  if (auto fault = Numbered(path_, free).remove()) return fault;
  for (; free > 1; --free) {
    if (auto fault = Numbered(path_, free - 1).move_to(Numbered(path_, free))) return fault;
  }
  return {};
}

void Rotation::pack(const Fd& original, const std::string& packed) const {
  if (!take_place(original, packed)) unlink(packed.c_str());
}

bool Rotation::take_place(const Fd& original, const std::string& packed) const {
  struct stat old{}, compressed{};
  const Fd file(open(packed.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file || fstat(original.get(), &old) != 0 || fstat(file.get(), &compressed) != 0) return false;
  // Whoever owns the folder may have put another name of some file of ours there.
  if (!S_ISREG(compressed.st_mode) || compressed.st_nlink != 1) return false;
  // Somebody else may have moved FILE to that place, and we went on writing to it for a while.
  if (!holds_all_of(file, compressed.st_size, old.st_size)) return false;
  for (long number = 1; number <= keep_; ++number) {
    const Numbered place(path_, number);
    const auto there = look_at(place.plain);
    if (!there || there->st_dev != old.st_dev || there->st_ino != old.st_ino) continue;
    const std::array<timespec, 2> times{old.st_atim, old.st_mtim};
    futimens(file.get(), times.data());
    fchmod(file.get(), 0600);
    if (rename(packed.c_str(), place.packed.c_str()) != 0) return false;
    unlink(place.plain.c_str());
    return true;
  }
  return false;
}

}  // namespace sentry
