#include "lockfile.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace sentry {

namespace {

constexpr int kTries = 50;
constexpr timespec kBetween{0, 20'000'000};

// Whether that descriptor is what the path names now. A holder removes the file at a clean end, and whoever had
// opened it before would lock a file that nobody else can find.
bool still_at(int fd, const char* path) noexcept {
  struct stat held{}, named{};
  return fstat(fd, &held) == 0 && lstat(path, &named) == 0 && held.st_dev == named.st_dev &&
         held.st_ino == named.st_ino;
}

// errno of what makes a file unfit to be written to, or 0. A second hard link could be anybody's file.
int unfit(int fd) noexcept {
  struct stat found{};
  if (fstat(fd, &found) != 0) return errno;
  if (!S_ISREG(found.st_mode)) return EINVAL;
  return found.st_uid != geteuid() || found.st_nlink > 1 ? EPERM : 0;
}

int written_pid(int fd) noexcept {
  std::array<char, 32> text{};
  const ssize_t length = pread(fd, text.data(), text.size(), 0);
  int pid = 0;
  if (length <= 0) return 0;
  const char* end = text.data() + length;
  const auto [rest, error] = std::from_chars(text.data(), end, pid);
  return error == std::errc{} && rest != end && *rest == '\n' && pid > 0 ? pid : 0;
}

// Whether a lock may really be held by that process. It is not ours, so our own number is one from before a reboot.
bool alive(int pid) noexcept { return pid > 0 && pid != getpid() && (kill(pid, 0) == 0 || errno == EPERM); }

bool write_own_pid(int fd) {
  const std::string text = std::to_string(getpid()) + "\n";
  if (ftruncate(fd, 0) != 0) return false;
  const ssize_t written = pwrite(fd, text.data(), text.size(), 0);
  if (written >= 0 && written < static_cast<ssize_t>(text.size())) errno = ENOSPC;
  return written == static_cast<ssize_t>(text.size());
}

}  // namespace

std::variant<LockFile, Holder, Fault> lock(const std::string& path) {
  int pid = 0;
  for (int tries = 0; tries < kTries; ++tries) {
    if (tries > 0) nanosleep(&kBetween, nullptr);
    // NONBLOCK: a FIFO in its place must not hold us up. It changes nothing for a file.
    Fd fd{open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600)};
    if (!fd) return Fault{"open", errno, path};
    if (const int error = unfit(fd.get())) return Fault{"open", error, path};
    if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
      if (!still_at(fd.get(), path.c_str())) continue;
      LockFile file{std::move(fd), path};
      if (write_own_pid(file.descriptor())) return file;
      const int error = errno;
      file.remove();
      return Fault{"write", error, path};
    }
    if (errno != EWOULDBLOCK) return Fault{"lock", errno, path};
    pid = written_pid(fd.get());
    if (alive(pid)) break;
  }
  return Holder{pid};
}

bool LockFile::remove() noexcept {
  return still_at(fd_.get(), path_.c_str()) && unlink(path_.c_str()) == 0;
}

}  // namespace sentry
