// One pipe that a run prints into, and how its lines get to their sink.
//
// Bytes leave the pipe only after they are where they belong. They are copied without being taken out (scratch.h), cut
// into lines and written; then just as many are taken out of the pipe. A raw file gets its lines by splice(2), which does
// all that at once, and of the copy only the last page is looked at, for where the last line ends. So half a line needs no
// state: it stays in the pipe until its newline comes, the run is closed, nobody is left who could write it, or the pipe,
// made to grow to 1 MiB, is full. A SIGKILL between any two of these steps loses nothing, as long as somebody else holds
// the pipe open, and repeats at most the batch that was written and not yet taken out; of a raw file, nothing.
//
// The pipe is watched with EPOLLET: what stays there must not wake us again and again. That leaves one gap, seen on
// 6.18. The kernel wakes a poller when a write begins in an empty pipe and when a write ends (fs/pipe.c, pipe_write):
// one that begins behind half a line, and is longer than the room left, ends only once we have read. Both would wait
// for ever. So while anything is left in a pipe, O_ASYNC is set on it: SIGIO is sent for every piece written, also in
// the middle of a write (5.14, and 5.10.62 of the long-term kernels). Output takes the signal, with a signalfd.
//
// Where a sink is failing its lines stay in the pipe too. Once that is full it is made to grow to 1 MiB, and once that is
// full the first half of what is in it is dropped there, by whole lines.
//
// A file may have an echo: a terminal that shows the same lines once the file has them. What that does not take is owed
// to it, for by then they have left the pipe.
//
// A pipe may come from another Sentry, or from an earlier image of this one. The flags and the owner of an open file
// outlive the thread that set them, and so does the size that a long line had made it grow to: so all are set anew.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "intake.h"
#include "scratch.h"
#include "sink.h"
#include "tail.h"

namespace sentry {

enum class Turn {
  more,   // there may be more to do at once
  quiet,  // nothing but half a line is left: wait for the pipe
  held,   // the sink is blocked, or failing: wait for it
  told,   // lines were told: wait until they are seen
  ended,  // nobody can write to the pipe any more, and it is empty
};

// Who has the lines that leave a pipe, besides their sink.
struct Beside {
  Tail* tail = nullptr;
  Sink* echo = nullptr;
};

class Source {
 public:
  // `thread` gets SIGIO for the pipe.
  Source(Intake from, int thread);

  const Intake& from() const noexcept { return from_; }
  int descriptor() const noexcept { return from_.pipe.get(); }
  int sink() const noexcept { return from_.sink; }
  void open() noexcept { from_.open = true; }
  // Lets go of the pipe, with all that it holds.
  Intake leave() noexcept;

  // Moves one batch to the sink: at most what the pipe holds. The tail, if there is one, has all that leaves the pipe for
  // a sink that is not raw, also what is dropped.
  Turn turn(Sink& sink, Scratch& scratch, Beside beside = {});
  // Nothing may leave the pipe that was not told and seen before: look() comes before the next turn().
  bool telling() const noexcept { return from_.tell && seen_ == consumed_; }
  // There is more to be told than what waits, seen, for its sink: that may take no more for long, on a full disk.
  bool has_untold() const noexcept { return from_.tell && told_ == seen_ && queued() > seen_ - consumed_; }
  // Gives the next lines that are to be told, one batch (telling.h), if there are any and the last one was seen.
  Turn look(Scratch& scratch, std::string& lines);
  // What was told may leave the pipe. Whether anything was.
  bool see() noexcept { return from_.tell && std::exchange(seen_, told_) != told_; }
  // Nothing is told any more. Whether that changes anything.
  bool hush() noexcept { return std::exchange(from_.tell, false) && from_.open; }
  // All that is in the pipe now is to be written, also an unfinished last line.
  void mark() noexcept { mark_ = consumed_ + queued(); }
  bool marked() const noexcept { return mark_ > consumed_; }
  // EPOLLHUP: no writer is left, so that half a line will stay half.
  void hang_up() noexcept { hung_up_ = true; }
  bool hung_up() const noexcept { return hung_up_; }
  // Nothing is left in the pipe, and nothing will come.
  bool is_over() const noexcept { return hung_up_ && queued() == 0; }
  // There is more in the pipe than what was left there.
  bool has_news() const noexcept { return hung_up_ || queued() > left_; }
  bool has_left() const noexcept { return left_ > 0; }
  bool half_full() const noexcept;
  // Whoever prints here waits.
  bool is_full(Scratch& scratch) const {
    return !hung_up_ && half_full() && scratch.is_full(descriptor(), capacity());
  }

 private:
  uint64_t queued() const noexcept;
  int capacity() const noexcept;
  uint64_t allowed() const noexcept;
  std::optional<LineEnd> end_of_rest(uint64_t seen, uint64_t most) const noexcept;
  Turn discard(Scratch& scratch, uint64_t most) noexcept;
  std::optional<Turn> splice_lines(Sink& sink, Scratch& scratch, uint64_t most);
  size_t splice_out(Sink& sink, size_t lines);
  size_t owe_rest(Sink& sink, std::string_view behind, Scratch& scratch);
  size_t splice_batch(Sink& sink, Scratch& scratch);
  static size_t offer_batch(Sink& sink, const Batch& batch);
  void keep(std::string_view bytes, std::optional<LineEnd> rest, const Sink& sink, const Beside& beside,
            Scratch& scratch) const;
  Turn hold(Sink& sink, Scratch& scratch, Tail* tail);
  size_t drop_half(std::string_view bytes, Sink& sink, Tail* tail, Scratch& scratch);
  void take(Scratch& scratch, size_t count) noexcept;
  bool grow(Scratch& scratch, int larger) noexcept;
  bool grow_to_the_most(Scratch& scratch) noexcept;
  void listen(bool on) noexcept;
  Turn pause(uint64_t left) noexcept;

  Intake from_;
  int first_capacity_;  // what it is shrunk to again, once a long line is through
  uint64_t consumed_ = 0;  // bytes that have left the pipe since the run began
  uint64_t mark_ = 0;      // on the same count, as are the next two
  uint64_t told_ = 0;      // where the last lines that were told end; …
  uint64_t seen_ = 0;      // … and the last ones that were seen
  uint64_t left_ = 0;      // bytes that the last turn left: half a line, or what a failing sink did not take
  bool grown_, listening_ = false, hung_up_ = false;
};

}  // namespace sentry
