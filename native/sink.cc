#include "sink.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace sentry {

Sink Sink::terminal(int fd, Format format) {
  Sink sink{Place::given(fd), format};
  if (sink.descriptor() < 0) sink.state_ = State::dead;
  return sink;
}

std::variant<Sink, Fault> Sink::file(const LogFile& file) {
  auto opened = Place::file(file.path);
  if (auto* fault = std::get_if<Fault>(&opened)) return std::move(*fault);
  Sink sink{std::move(std::get<Place>(opened)), file.format};
  sink.bounds_.emplace(file);
  return sink;
}

// Bounds.

// Behind what goes before anything else.
size_t Sink::room() const {
  if (!bounds_ || !place_.is_file()) return SIZE_MAX;
  const size_t whole = bounds_->room(place_.end());
  return whole - std::min(whole, owed_.size() + word().size());
}

// One line alone may be longer than a file. What is owed belongs to the one that has its beginning.
size_t Sink::room_for(size_t first_line) {
  if (discards()) return SIZE_MAX;
  if (!pay()) return first_line;
  if (room() < first_line) turn_over();
  return std::max(room(), first_line);
}

void Sink::turn_over() {
  if (place_.end() == 0) return;
  auto anew = bounds_->turn_over(place_);
  if (!anew) return;
  place_ = std::move(*anew);
  begin();
}

std::vector<std::optional<Fault>> Sink::take_rotations() {
  return bounds_ ? bounds_->take_rotations() : std::vector<std::optional<Fault>>{};
}

void Sink::pack(const Fd& original, const std::string& packed) const {
  if (!bounds_ || place_.is_same_as(original)) unlink(packed.c_str());
  else bounds_->pack(original, packed);
}

// Writing.

size_t Sink::write_some(std::string_view bytes) noexcept {
  size_t taken = 0;
  while (taken < bytes.size()) {
    const ssize_t n = place_.write_once(bytes.substr(taken));
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

void Sink::show(const Batch& lines) {
  const std::string_view text = lines.text();
  const bool shut = discards() || (state_ == State::failing && !is_due());
  const size_t taken = shut ? 0 : offer(text);
  if (state_ == State::blocked) return owe(text.substr(taken));
  const Batch::Begun begun = lines.begun_by(taken);
  owe(text.substr(taken, begun.text - taken));
  drop(static_cast<int64_t>(lines.lines() - begun.lines));
}

size_t Sink::splice_from(int pipe, size_t count) {
  size_t taken = 0;
  while (taken < count && pay()) {
    const ssize_t n = place_.splice_from(pipe, count - taken);
    if (n > 0) {
      taken += static_cast<size_t>(n);
      took();
    } else if (n == 0 || errno != EINTR) {
      if (n == 0 || errno != EINVAL) refused(n == 0 ? EIO : errno);
      break;
    }
  }
  return taken;
}

void Sink::inherit(std::string rest) {
  if (owed_ == "\n") owed_.clear();
  owed_ += rest;
}

void Sink::begin() {
  if (format_ != Format::raw && place_.ends_in_half_a_line()) owed_ = '\n';
}

bool Sink::is_followed_by(const Sink& anew) const noexcept {
  return bounds_ && !place_.stands_at(bounds_->path()) && anew.place_.stands_at(bounds_->path());
}

void Sink::go_over_to(Sink anew) {
  if (!owed_.empty() && owed_ != "\n") drop(1);
  owed_.clear();
  place_ = std::move(anew.place_);
  if (bounds_) bounds_->begin_anew();
  state_ = State::taking;
  stuck_ = tried_ = failed_ = false;
  begin();
}

bool Sink::accept(std::string_view line) {
  room_for(line.size());
  const size_t taken = offer(line);
  if (taken == 0 && stuck()) return false;
  if (taken > 0) owe(line.substr(taken));
  if (taken == 0) drop(1);
  return true;
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

// What is missing.

void Sink::drop(int64_t lines) noexcept {
  if (state_ != State::dead) dropped_ += lines;
}

int64_t Sink::take_lost() noexcept {
  if ((failed_ || state_ == State::unread) && untold() > 0 && Clock::now() >= next_telling()) {
    lost_ += untold();
    posted_ = dropped_;
    posted_at_ = Clock::now();
    pause_ = std::min(pause_ * 2, longest_pause);
  }
  return std::exchange(lost_, 0);
}

bool Sink::pay() {
  if (!owed_.empty()) owed_.erase(0, write_some(owed_));
  return owed_.empty();
}

std::string Sink::word() const {
  if (dropped_ == 0) return "";
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return lost_line(format_, dropped_, error_, now);
}

bool Sink::confess() {
  const std::string line = word();
  if (line.empty()) return true;
  if (bounds_ && place_.is_file() && bounds_->room(place_.end()) < line.size()) turn_over();
  if (!pay()) return false;
  const size_t taken = write_some(line);
  if (taken == 0) return false;
  lost_ += std::exchange(dropped_, 0) - std::exchange(posted_, 0);
  owe(std::string_view(line).substr(taken));
  return owed_.empty();
}

void Sink::took() noexcept {
  state_ = State::taking;
  stuck_ = tried_ = failed_ = false;
  pause_ = patience;
  if (format_ == Format::raw) lost_ += std::exchange(dropped_, 0) - std::exchange(posted_, 0);
}

void Sink::refused(int error) noexcept {
  if (error == EAGAIN) {
    // A byte taken starts a new second; an EPOLLOUT after which nothing is taken does not.
    if (!std::exchange(stuck_, true)) stuck_since_ = Clock::now();
    state_ = State::blocked;
    error_ = 0;
    return;
  }
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG || error == ENOMEM || error == ENOBUFS;
  const bool passing = full || (place_.is_file() && error != EBADF);
  state_ = passing ? State::failing : State::dead;
  // What was tried in between, for a pipe that was full, puts off nobody who waits for the next look.
  if (!std::exchange(failed_, true) || is_due()) stuck_since_ = Clock::now();
  error_ = error;
}

}  // namespace sentry
