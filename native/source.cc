#include "source.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "telling.h"

namespace sentry {

namespace {

constexpr int longest_line = 1 << 20;      // what a pipe is grown to: the usual /proc/sys/fs/pipe-max-size
constexpr size_t largest_batch = 1 << 18;  // a label before each of a million empty lines would be 25 MB
constexpr size_t largest_beside = 1 << 16;  // of lines without labels, that get some elsewhere

// What a pipe is made with: 16 pages; less where its user has many. More than that, and somebody has made it grow.
int usual_capacity() noexcept { return static_cast<int>(16 * sysconf(_SC_PAGESIZE)); }

// time(2) goes by the last tick of the clock, and so shows the second before for a moment after each full one.
timespec wall_clock() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now;
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

// The pipe.

uint64_t Source::queued() const noexcept {
  int bytes = 0;
  return ioctl(descriptor(), FIONREAD, &bytes) == 0 ? static_cast<uint64_t>(bytes) : 0;
}

// Asked each time: whoever holds the other end may change it.
int Source::capacity() const noexcept { return fcntl(descriptor(), F_GETPIPE_SZ); }

bool Source::half_full() const noexcept { return queued() * 2 >= static_cast<uint64_t>(capacity()); }

void Source::take(Scratch& scratch, size_t count) noexcept {
  if (count > 0) scratch.take(descriptor(), count);
  consumed_ += count;
}

bool Source::grow(Scratch& scratch, int larger) noexcept {
  if (larger > longest_line || larger <= capacity()) return false;
  if (!scratch.fit(larger) || fcntl(descriptor(), F_SETPIPE_SZ, larger) < 0) return false;
  grown_ = true;
  return true;
}

bool Source::grow_to_the_most(Scratch& scratch) noexcept {
  for (int larger = longest_line; larger > capacity(); larger /= 2) {
    if (grow(scratch, larger)) return true;
  }
  return false;
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

// How many bytes may leave the pipe in the next turn.
uint64_t Source::allowed() const noexcept {
  if (from_.tell) return seen_ - consumed_;
  return marked() ? mark_ - consumed_ : UINT64_MAX;
}

// What becomes of the bytes behind the last newline: nothing, where they are to wait for their end.
std::optional<LineEnd> Source::end_of_rest(uint64_t seen, uint64_t most) const noexcept {
  if (hung_up_ && seen == queued()) return LineEnd::none;
  if (seen < most) return std::nullopt;
  return from_.tell ? LineEnd::part : LineEnd::none;
}

// A turn.

Turn Source::look(Scratch& scratch, std::string& lines) {
  if (told_ > seen_) return Turn::told;
  const auto copy = scratch.copy(descriptor(), capacity());
  if (!copy) return pause(0);
  if (copy->bytes.empty()) return Turn::ended;
  const uint64_t waiting = seen_ - consumed_;
  const std::string_view untold = copy->bytes.substr(std::min<uint64_t>(waiting, copy->bytes.size()));
  Told next = told_of(untold, hung_up_ && !copy->full);
  if (next.bytes == 0 && copy->full) {
    if (grow(scratch, capacity() * 2)) return Turn::more;
    next = told_of(untold, true);
  }
  if (next.bytes == 0) return pause(copy->bytes.size());
  told_ = seen_ + next.bytes;
  lines = std::move(next.text);
  // What comes meanwhile is looked at when these were seen; but who waits for a failing sink goes on to listen.
  left_ = waiting > 0 ? copy->bytes.size() : 0;
  listen(left_ > 0);
  return Turn::told;
}

Turn Source::turn(Sink& sink, Scratch& scratch, Beside beside) {
  const uint64_t most = allowed();
  if (sink.state() == Sink::State::dead && !beside.tail && !beside.echo) return discard(scratch, most);
  if (sink.splices() && !beside.echo) {
    if (const auto turn = splice_lines(sink, scratch, most)) return *turn;
  }
  const auto copy = scratch.copy(descriptor(), capacity());
  if (!copy) return pause(0);
  if (copy->bytes.empty()) return Turn::ended;
  const std::string_view bytes = copy->bytes.substr(0, most);
  auto rest = end_of_rest(bytes.size(), most);
  // What nobody will see needs no label and no colour: it is thrown away as fast as it is printed, without a chatty child
  // taking a core.
  const Lines lines(sink.discards() ? Format::raw : sink.format(), from_.speaker(), from_.colour, wall_clock());
  const size_t largest = beside.tail || beside.echo ? largest_beside : largest_batch;
  Batch& batch = scratch.batch;
  batch.make(bytes, rest, lines, largest);
  if (batch.empty() && copy->full) {
    if (grow(scratch, capacity() * 2)) return Turn::more;
    rest = LineEnd::part;
    batch.make(bytes, rest, lines, largest);
  }
  if (batch.empty()) return pause(bytes.size());
  const bool large = batch.text().size() >= largest;
  const size_t offered = batch.size_in_pipe();
  batch.trim(sink.room_for(batch.first_line()));
  const size_t fitting = batch.size_in_pipe();
  const bool splices = sink.splices();
  const size_t done = splices ? splice_batch(sink, scratch) : offer_batch(sink, batch);
  keep(bytes.substr(0, done), rest, sink, beside, scratch);
  if (!splices) take(scratch, done);
  if (done < fitting) return hold(sink, scratch, beside.tail);
  // A pipe that was full may still be: taking out a few bytes frees no slot. Then no news would ever come of it.
  if (copy->full || large || fitting < offered) return Turn::more;
  return pause(bytes.size() - done);
}

// Nobody will ever ask for it.
Turn Source::discard(Scratch& scratch, uint64_t most) noexcept {
  const ssize_t n = scratch.take(descriptor(), std::min<uint64_t>(most, longest_line));
  if (n == 0) return Turn::ended;
  if (n > 0) consumed_ += static_cast<uint64_t>(n);
  return pause(0);
}

// The lines of a raw file, without their being looked at. Nothing where it takes a copy to see what there is to do.
std::optional<Turn> Source::splice_lines(Sink& sink, Scratch& scratch, uint64_t most) {
  const size_t room = sink.room_for(1);
  const auto look = scratch.look(descriptor(), capacity(), std::min<uint64_t>({most, room, longest_line}));
  if (!look) return pause(0);
  if (look->bytes == 0) return Turn::ended;
  const size_t lines = end_of_rest(look->bytes, most) ? look->bytes : look->lines;
  if (lines == 0) return std::nullopt;
  size_t done = splice_out(sink, lines);
  if (done > 0 && done < lines) {
    const auto behind = scratch.copy(descriptor(), capacity());
    if (behind) done += owe_rest(sink, behind->bytes.substr(0, lines - done), scratch);
  }
  if (done < lines) return sink.splices() ? hold(sink, scratch, nullptr) : Turn::more;
  const Turn turn = pause(look->bytes - done);
  return half_full() ? Turn::more : turn;
}

size_t Source::splice_out(Sink& sink, size_t lines) {
  const size_t done = sink.splice_from(descriptor(), lines);
  consumed_ += done;
  return done;
}

// The machine has taken a part of a line, and this is the rest of the batch.
size_t Source::owe_rest(Sink& sink, std::string_view behind, Scratch& scratch) {
  if (!sink.is_torn()) return 0;
  const std::string_view rest = behind.substr(0, std::min(behind.find('\n'), behind.size() - 1) + 1);
  sink.owe(rest);
  take(scratch, rest.size());
  return rest.size();
}

// The lines of a raw file that were looked at before. Returns how many bytes have left the pipe.
size_t Source::splice_batch(Sink& sink, Scratch& scratch) {
  const Batch& batch = scratch.batch;
  const size_t done = splice_out(sink, batch.size_in_pipe());
  const bool part = done > 0 && done < batch.size_in_pipe();
  return part ? done + owe_rest(sink, batch.text().substr(done), scratch) : done;
}

// Returns how many bytes are to leave the pipe: of the lines that were taken, or begun, or dropped.
size_t Source::offer_batch(Sink& sink, const Batch& batch) {
  const size_t taken = sink.discards() ? 0 : sink.offer(batch.text());
  const Batch::Begun begun = batch.begun_by(taken);
  sink.owe(batch.text().substr(taken, begun.text - taken));
  if (!sink.discards()) return begun.in_pipe;
  sink.drop(static_cast<int64_t>(batch.lines() - begun.lines));
  return batch.size_in_pipe();
}

// For those who have it besides. A tail, which outlives a SIGKILL, has it before it leaves the pipe.
void Source::keep(std::string_view bytes, std::optional<LineEnd> rest, const Sink& sink, const Beside& beside,
                  Scratch& scratch) const {
  Batch& batch = scratch.batch;
  if (beside.tail) {
    const Format format = sink.format() == Format::json ? Format::json : Format::shown;
    batch.make(bytes, rest, Lines(format, from_.speaker(), "", wall_clock()), SIZE_MAX);
    beside.tail->append(batch.text());
  }
  if (beside.echo) {
    batch.make(bytes, rest, Lines(beside.echo->format(), from_.speaker(), from_.colour, wall_clock()), SIZE_MAX);
    beside.echo->show(batch);
  }
}

// The sink takes no more. Of one that is failing, nothing says when it will; so the pipe is listened to meanwhile.
Turn Source::hold(Sink& sink, Scratch& scratch, Tail* tail) {
  if (sink.state() != Sink::State::failing) return Turn::held;
  const auto copy = scratch.copy(descriptor(), capacity());
  left_ = copy ? copy->bytes.size() : 0;
  listen(true);
  if (!copy || !copy->full || hung_up_ || grow_to_the_most(scratch)) return Turn::held;
  const size_t dropped = drop_half(copy->bytes.substr(0, allowed()), sink, tail, scratch);
  left_ -= dropped;
  return dropped > 0 ? Turn::more : Turn::held;  // a few bytes less may have freed no slot
}

// One line may be all that there is.
size_t Source::drop_half(std::string_view bytes, Sink& sink, Tail* tail, Scratch& scratch) {
  if (bytes.empty()) return 0;
  size_t newline = bytes.rfind('\n', bytes.size() / 2);
  if (newline == std::string_view::npos) newline = bytes.find('\n');
  bytes = bytes.substr(0, std::min(newline, bytes.size() - 1) + 1);
  sink.drop(std::count(bytes.begin(), bytes.end(), '\n') + (bytes.back() != '\n'));
  keep(bytes, LineEnd::part, sink, {tail, nullptr}, scratch);
  take(scratch, bytes.size());
  return bytes.size();
}

}  // namespace sentry
