#include "sink.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace sentry {

namespace {

std::string path_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

off_t end_of(int fd) noexcept {
  struct stat about{};
  return fstat(fd, &about) == 0 ? about.st_size : 0;
}

// By its descriptor, which is for writing only: by now the path may be another file's.
bool ends_in_half_a_line(int fd) {
  const off_t size = end_of(fd);
  const Fd file(open(path_of(fd).c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC));
  char last = '\n';
  return size > 0 && file && pread(file.get(), &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

Sink Sink::terminal(int fd) {
  struct stat about{};
  if (fstat(fd, &about) != 0) {
    Sink closed{Fd(), Way::write};
    closed.state_ = State::dead;
    return closed;
  }
  Fd copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (S_ISREG(about.st_mode)) return {std::move(copy), Way::write};
  if (S_ISSOCK(about.st_mode)) return {std::move(copy), Way::send};
  Fd own(open(path_of(fd).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (own) return {std::move(own), Way::write};
  // Refused to open it again: after su(1) the terminal or pipe is another user's (EACCES), or there is no /proc. Then
  // poll(2) is asked before each write, and the write is so small that it fits where poll saw room: a pipe has PIPE_BUF
  // bytes free (pipe(7)), a pseudo-terminal 256, of which ONLCR may use two for a byte.
  Sink shared{std::move(copy), Way::careful};
  shared.chunk_ = S_ISFIFO(about.st_mode) ? PIPE_BUF : 128;
  return shared;
}

std::variant<Sink, Fault> Sink::file(const std::string& path, bool raw) {
  // O_NONBLOCK: a FIFO without a reader is refused (ENXIO) instead of waited for. Regular files ignore it.
  Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600));
  struct stat about{};
  if (!fd || fstat(fd.get(), &about) != 0) return Fault{"open", errno, path};
  Sink sink{std::move(fd), S_ISREG(about.st_mode) ? Way::at_end : Way::write};
  sink.raw_ = raw;
  return sink;
}

// The thread that calls this has all signals blocked, so that EPIPE and EFBIG come without a death by SIGPIPE or
// SIGXFSZ, and a terminal with TOSTOP lets us write from the background.
ssize_t Sink::write_once(std::string_view bytes) noexcept {
  switch (way_) {
    case Way::write: return write(fd_.get(), bytes.data(), bytes.size());
    case Way::at_end: return pwrite(fd_.get(), bytes.data(), bytes.size(), end_of(fd_.get()));
    case Way::send: return send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    case Way::careful: break;
  }
  pollfd room{fd_.get(), POLLOUT, 0};
  if (poll(&room, 1, 0) == 0) {
    errno = EAGAIN;
    return -1;
  }
  return write(fd_.get(), bytes.data(), std::min(bytes.size(), chunk_));
}

size_t Sink::write_some(std::string_view bytes) noexcept {
  size_t taken = 0;
  while (taken < bytes.size()) {
    const ssize_t n = write_once(bytes.substr(taken));
    if (n > 0) {
      taken += static_cast<size_t>(n);
      took();
    } else if (n == 0 || errno != EINTR) {
      refused(n == 0 ? EAGAIN : errno);
      break;
    }
  }
  return taken;
}

size_t Sink::offer(std::string_view bytes) {
  if (state_ == State::dead) return bytes.size();
  return pay() && confess() ? write_some(bytes) : 0;
}

void Sink::inherit(std::string rest) {
  if (owed_ == "\n") owed_.clear();
  owed_ += rest;
}

void Sink::begin() {
  if (way_ == Way::at_end && !raw_ && ends_in_half_a_line(fd_.get())) owed_ = "\n";
}

bool Sink::is_same_file(const Sink& other) const noexcept {
  struct stat own{}, its{};
  return fstat(fd_.get(), &own) == 0 && fstat(other.fd_.get(), &its) == 0 && own.st_dev == its.st_dev &&
         own.st_ino == its.st_ino;
}

void Sink::go_over_to(Sink anew) {
  if (!owed_.empty() && owed_ != "\n") drop(1);
  owed_.clear();
  fd_ = std::move(anew.fd_);
  way_ = anew.way_;
  state_ = State::taking;
  stuck_ = tried_ = false;
  begin();
}

bool Sink::accept(std::string_view line) {
  const size_t taken = offer(line);
  if (taken == 0 && state_ == State::blocked) return false;
  if (taken > 0) owe(line.substr(taken));
  if (taken == 0) drop(1);
  return true;
}

ssize_t Sink::splice_from(int pipe, size_t most) noexcept {
  if (way_ != Way::at_end || !owed_.empty()) {
    errno = EINVAL;
    return -1;
  }
  loff_t end = end_of(fd_.get());
  const ssize_t n = splice(pipe, nullptr, fd_.get(), &end, most, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  if (n > 0) took();
  return n;
}

bool Sink::resume() {
  if (state_ != State::dead) state_ = State::taking;
  return pay() && confess();
}

bool Sink::last_try() {
  if (std::exchange(tried_, true)) return false;
  resume();
  return true;
}

void Sink::drop(int64_t lines) noexcept {
  if (state_ == State::dead) return;
  if (state_ != State::failing) error_ = 0;
  dropped_ += lines;
}

bool Sink::pay() {
  if (!owed_.empty()) owed_.erase(0, write_some(owed_));
  return owed_.empty();
}

bool Sink::confess() {
  if (dropped_ == 0 || raw_) return true;
  std::string line = "Sentry dropped " + std::to_string(dropped_) + (dropped_ == 1 ? " line here" : " lines here");
  line += error_ == 0 ? " that nobody read.\n" : std::string(" (") + errno_name(error_) + ").\n";
  const size_t taken = write_some(line);
  if (taken == 0) return false;
  told_ += std::exchange(dropped_, 0);
  owe(std::string_view(line).substr(taken));
  return owed_.empty();
}

void Sink::took() noexcept {
  state_ = State::taking;
  stuck_ = tried_ = false;
  if (raw_) told_ += std::exchange(dropped_, 0);  // a raw file holds what was printed, and no word of ours
}

void Sink::refused(int error) noexcept {
  if (error == EAGAIN) {
    // A byte taken starts a new second; an EPOLLOUT after which nothing is taken does not.
    if (!stuck_) stuck_since_ = Clock::now();
    stuck_ = true;
    state_ = State::blocked;
    return;
  }
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG || error == ENOMEM || error == ENOBUFS;
  const bool passing = full || (way_ == Way::at_end && error != EBADF);
  state_ = passing ? State::failing : State::dead;
  error_ = error;
}

}  // namespace sentry
