// HUP, INT, TERM, USR1 and USR2, taken over with their sender.
//
// Node's process.on() does not tell who sent a signal, and signalfd(2) cannot be used: it needs the signals blocked
// in every thread, and V8's threads are there before us. So a handler, in whichever thread it comes, writes a record
// to a pipe. write(2) is async-signal-safe, and a record this short is written whole or not at all (pipe(7),
// PIPE_BUF).
//
// A full pipe loses no signal. What does not fit is remembered once per number, as the kernel itself does with
// pending signals, and told without its sender: pid 0, uid -1.
//
// Taking USR1 over is also a matter of safety: Node would open its debugger for whoever connects.
//
// Over an exec none is lost. What the handler has written waits in the pipe, which goes along; what comes later is
// blocked until the next image takes it (reexec.h).
//
// A SIGHUP that was ignored at the start (nohup) is taken over like any other. Node has by then set every ignored
// signal back to its default, so nobody can know any more; what must outlive its terminal is started detached.
#pragma once
#include <signal.h>

#include <array>
#include <cstddef>
#include <variant>
#include <vector>

#include "fact.h"
#include "fd.h"

namespace sentry {

class Signals {
 public:
  static constexpr std::array kTaken{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};

  // A record is the bytes of a SignalFact: an image of another version may have made it longer or shorter.
  static constexpr size_t kRecordBytes = sizeof(SignalFact);

  // Takes them over, and unblocks them in the calling thread. One at a time: EBUSY while another Signals lives.
  static std::variant<Signals, Fault> take();

  Signals(Signals&&) noexcept = default;
  Signals& operator=(Signals&&) = delete;
  ~Signals();  // puts the former dispositions back

  // Readable when there may be something for next().
  int fd() const noexcept { return read_end_.get(); }

  // The next signal, in order of arrival; false when there is none. Never blocks. For one thread.
  bool next(SignalFact& fact) noexcept;

  // This process had a controlling terminal when the signals were taken, and has none any more. So a SIGHUP that a
  // shell passes on when its terminal goes is told from a request to reload: the kernel takes the terminal away from
  // the whole session before it sends the first SIGHUP (drivers/tty/tty_jobctrl.c).
  bool terminal_gone() const noexcept;

  // Before an exec. Notes for the next image whether there was a terminal. The signals stay taken, also after it failed.
  void pass_on() const noexcept;

  // After an exec: what has come since the former image read its pipe for the last time, in order. This is called once,
  // before next(). Nothing where its records are of another size.
  std::vector<SignalFact> inherit(Fd pipe, size_t record_bytes);

 private:
  Signals(Fd read_end, Fd write_end) noexcept;

  Fd read_end_;
  Fd write_end_;
  bool had_terminal_;
  std::array<struct sigaction, kTaken.size()> previous_{};
};

}  // namespace sentry
