#include "source.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "label.h"
#include "telling.h"

namespace sentry {

namespace {

constexpr int longest_line = 1 << 20;      // what a pipe is grown to: the usual /proc/sys/fs/pipe-max-size
constexpr size_t largest_batch = 1 << 18;  // a label before each of a million empty lines would be 25 MB

// What a pipe is made with: 16 pages; less where its user has many. More than that, and somebody has made it grow.
int usual_capacity() noexcept { return static_cast<int>(16 * sysconf(_SC_PAGESIZE)); }

// time(2) goes by the last tick of the clock, and so shows the second before for a moment after each full one.
time_t now_s() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec;
}

}  // namespace

Source::Source(Intake from, int thread)
    : from_(std::move(from)),
      first_capacity_(std::min(capacity(), usual_capacity())),
      grown_(capacity() > first_capacity_) {
  // To this thread only, which has SIGIO blocked: F_SETOWN would name the process, and any thread of it could die of it.
  const f_owner_ex owner{F_OWNER_TID, thread};
  fcntl(descriptor(), F_SETOWN_EX, &owner);
  fcntl(descriptor(), F_SETFL, O_NONBLOCK);
}

Intake Source::leave() noexcept {
  listen(false);
  return std::move(from_);
}

uint64_t Source::queued() const noexcept {
  int bytes = 0;
  return ioctl(descriptor(), FIONREAD, &bytes) == 0 ? static_cast<uint64_t>(bytes) : 0;
}

// Asked each time: whoever holds the other end may change it.
int Source::capacity() const noexcept { return fcntl(descriptor(), F_GETPIPE_SZ); }

bool Source::half_full() const noexcept { return queued() * 2 >= static_cast<uint64_t>(capacity()); }

// How many bytes may leave the pipe in the next turn.
uint64_t Source::allowed() const noexcept {
  if (from_.tell) return seen_ - consumed_;
  return marked() ? mark_ - consumed_ : UINT64_MAX;
}

Turn Source::look(Scratch& scratch, std::string& lines) {
  if (told_ > seen_) return Turn::told;
  const auto copy = scratch.copy(descriptor(), capacity());
  if (!copy) return pause(0);
  if (copy->bytes.empty()) return Turn::ended;
  Batch batch = batch_of(copy->bytes, hung_up_ && !copy->full);
  if (batch.bytes == 0 && copy->full) {
    if (grow(scratch)) return Turn::more;
    batch = batch_of(copy->bytes, true);
  }
  if (batch.bytes == 0) return pause(copy->bytes.size());
  told_ = consumed_ + batch.bytes;
  lines = std::move(batch.text);
  left_ = 0;  // what comes meanwhile is looked at when these were seen
  listen(false);
  return Turn::told;
}

Turn Source::turn(Sink& sink, Scratch& scratch, Tail* tail) {
  const uint64_t most = allowed();
  if (sink.raw() && sink.state() != Sink::State::dead) {
    const ssize_t n = sink.splice_from(descriptor(), std::min<uint64_t>(most, longest_line));
    if (n > 0) consumed_ += static_cast<uint64_t>(n);
    if (n > 0 || (n < 0 && errno == EAGAIN)) return pause(0);
    // 0 is the end. An error is left to the copy below: it writes where splice cannot, and counts what is dropped.
  }
  const auto copy = scratch.copy(descriptor(), capacity());
  if (!copy) return pause(0);
  if (copy->bytes.empty()) return Turn::ended;
  const std::string_view bytes = copy->bytes.substr(0, most);
  const bool all_allowed = bytes.size() == most;  // to a mark, or to the end of what was seen
  // What nobody will see needs no colour, and where no tail keeps it no label either: it is thrown away as fast as it is
  // printed, without a chatty child taking a core.
  const bool seen = sink.state() != Sink::State::unread && sink.state() != Sink::State::dead;
  const bool labelled = !sink.raw() && (seen || tail);
  const std::string colour = seen ? from_.colour : "";
  const std::string start = labelled ? line_start(now_s(), from_.label, colour) : "";
  cut(bytes, all_allowed || (hung_up_ && !copy->full), sink.raw(), start, scratch);
  if (scratch.cuts.empty() && copy->full) {
    if (grow(scratch)) return Turn::more;
    cut(bytes, true, sink.raw(), start, scratch);
  }
  const size_t complete = scratch.cuts.empty() ? 0 : scratch.cuts.back().in;
  const bool large = scratch.batch.size() >= largest_batch;
  const size_t done = deliver(sink, scratch);
  if (tail) keep(bytes.substr(0, done), !colour.empty(), *tail, scratch);
  scratch.take(descriptor(), done);
  consumed_ += done;
  if (done < complete) return Turn::held;
  // A pipe that was full may still be: taking out a few bytes frees no slot. Then no news would ever come of it.
  if (copy->full || large) return Turn::more;
  return pause(bytes.size() - done);
}

// Makes the batch: each line with its label, and what stands after the last newline only where it is to be taken too.
void Source::cut(std::string_view bytes, bool all, bool raw, const std::string& start, Scratch& scratch) const {
  scratch.batch.clear();
  scratch.cuts.clear();
  for (size_t begin = 0; begin < bytes.size() && scratch.batch.size() < largest_batch;) {
    const size_t newline = bytes.find('\n', begin);
    const bool whole = newline != std::string_view::npos;
    if (!whole && !all && !raw) break;
    const size_t end = whole ? newline + 1 : bytes.size();
    scratch.batch.append(start).append(bytes, begin, end - begin);
    if (!whole && !raw) scratch.batch += '\n';
    scratch.cuts.push_back({scratch.batch.size(), end});
    begin = end;
  }
}

// Offers the batch. Returns how many bytes may leave the pipe: of the lines that were taken, or begun, or dropped.
size_t Source::deliver(Sink& sink, Scratch& scratch) const {
  const std::string_view batch = scratch.batch;
  const size_t taken = sink.state() == Sink::State::unread ? 0 : sink.offer(batch);
  auto next = scratch.cuts.begin();
  size_t written = 0;
  for (; next != scratch.cuts.end() && written < taken; ++next) written = next->out;
  if (written > taken) sink.owe(batch.substr(taken, written - taken));
  if (sink.state() == Sink::State::taking || sink.state() == Sink::State::blocked) {
    return next == scratch.cuts.begin() ? 0 : (next - 1)->in;
  }
  sink.drop(scratch.cuts.end() - next);
  return scratch.cuts.empty() ? 0 : scratch.cuts.back().in;
}

// The lines of the batch that leave the pipe. One with colours is made anew, without.
void Source::keep(std::string_view bytes, bool coloured, Tail& tail, Scratch& scratch) const {
  auto last = scratch.cuts.begin();
  while (last != scratch.cuts.end() && last->in <= bytes.size()) ++last;
  if (last == scratch.cuts.begin()) return;
  if (!coloured) return tail.append(std::string_view(scratch.batch).substr(0, (last - 1)->out));
  const std::string start = line_start(now_s(), from_.label, "");
  scratch.batch.clear();
  size_t begin = 0;
  for (auto cut = scratch.cuts.begin(); cut != last; begin = cut++->in) {
    scratch.batch.append(start).append(bytes, begin, cut->in - begin);
    if (scratch.batch.back() != '\n') scratch.batch += '\n';
  }
  tail.append(scratch.batch);
}

bool Source::grow(Scratch& scratch) noexcept {
  const int larger = capacity() * 2;
  if (larger > longest_line || !scratch.fit(larger) || fcntl(descriptor(), F_SETPIPE_SZ, larger) < 0) return false;
  grown_ = true;
  return true;
}

void Source::listen(bool on) noexcept {
  if (on == listening_) return;
  fcntl(descriptor(), F_SETFL, on ? O_NONBLOCK | O_ASYNC : O_NONBLOCK);
  listening_ = on;
}

// Looks once more after everything is set: what was written until now may have been too early to wake us.
Turn Source::pause(uint64_t left) noexcept {
  left_ = left;
  if (left == 0 && grown_) grown_ = fcntl(descriptor(), F_SETPIPE_SZ, first_capacity_) < 0;
  listen(left > 0);
  return has_news() ? Turn::more : Turn::quiet;
}

}  // namespace sentry
