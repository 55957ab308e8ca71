// The half of Output that is about sinks: what waits for one, and whose turn it is to write to it.
#include <algorithm>

#include "output.h"

namespace sentry {

namespace {
constexpr size_t most_waiting = 64 * 1024;  // bytes of Sentry's own lines that wait for one sink
}

// A number that was never given out stands for a sink that discards.
Output::Outlet& Output::outlet_of(int number) {
  const auto found = outlets_.find(number);
  return found != outlets_.end() ? found->second : outlets_.emplace(number, Outlet(Sink::terminal(-1))).first->second;
}

int Output::outlet_number(int sink) const noexcept {
  const auto found = branches_.find(sink);
  return found != branches_.end() ? found->second.to : sink;
}

Tail* Output::tail_of(int sink) noexcept {
  const auto found = branches_.find(sink);
  return found != branches_.end() ? &found->second.tail : nullptr;
}

Output::Outlet* Output::echo_of(const Outlet& outlet) noexcept { return outlet.echo != 0 ? &outlet_of(outlet.echo) : nullptr; }

// One turn for each source that is ready.
void Output::serve() {
  for (const Token token : std::exchange(ready_, {})) {
    const auto found = sources_.find(token);
    if (found == sources_.end()) continue;
    const int number = outlet_number(found->second.sink());
    Outlet& outlet = outlet_of(number);
    if (!found->second.telling() && must_wait(token, found->second, outlet)) {
      if (found->second.has_untold()) tell(found->second);
      if (found->second.has_left()) partly_.insert(token);
      if (found->second.marked()) bound_closed(number, outlet);
      continue;
    }
    take_turn(token, found->second, outlet);
    settle(number, outlet);
    if (Outlet* echo = echo_of(outlet)) settle(outlet.echo, *echo);
  }
}

// A failing sink is tried again when it is time; or where a pipe is full, in which a part has to be dropped then. A pipe
// that has come to its end waits for nothing: those of processes that restart all the time would use up the descriptors.
bool Output::must_wait(Token token, const Source& source, Outlet& outlet) {
  if (source.is_over()) return false;
  Outlet* echo = echo_of(outlet);
  const bool unseen = echo && echo->sink.state() == Sink::State::blocked;
  const Sink& sink = outlet.sink;
  if (!unseen && (!sink.stuck() || (sink.state() == Sink::State::failing && (sink.is_due() || source.is_full(scratch_))))) {
    return false;
  }
  (unseen ? *echo : outlet).held.insert(token);
  return true;
}

Turn Output::take_turn(Token token, Source& source, Outlet& outlet) {
  Outlet* echo = echo_of(outlet);
  if (echo && outlet.sink.discards() && echo->sink.state() == Sink::State::blocked) echo = nullptr;
  const Beside beside{tail_of(source.sink()), echo ? &echo->sink : nullptr};
  const Turn turn = source.telling() ? tell(source) : source.turn(outlet.sink, scratch_, beside);
  partly_.erase(token);
  if (turn == Turn::ended) {
    end(token, source, outlet);
    return turn;
  }
  if (turn == Turn::held) outlet.held.insert(token);
  if (turn == Turn::held && source.has_untold()) tell(source);
  if (source.has_left()) partly_.insert(token);
  // What came while it was being held may have filled the pipe, and then no more news comes.
  if (turn == Turn::more || (turn == Turn::held && source.has_left() && source.has_news())) ready_.insert(token);
  return turn;
}

void Output::end(Token token, Source& source, Outlet& outlet) {
  ready_.erase(token);
  outlet.held.erase(token);
  if (Outlet* echo = echo_of(outlet)) echo->held.erase(token);
  unsubscribe(source.descriptor());
  if (!source.from().kept.empty()) keeper_.release(source.from().keeper_label());
  sources_.erase(token);
}

Turn Output::tell(Source& source) {
  std::string lines;
  const Turn turn = source.look(scratch_, lines);
  if (!lines.empty()) post_(LinesFact{source.from().run, source.from().stream, std::move(lines)});
  return turn;
}

// Writes what waits for the sink, in order, as far as it is taken; then its sources may go on.
void Output::settle(int number, Outlet& outlet) {
  Sink& sink = outlet.sink;
  auto& waiting = outlet.waiting;
  if (outlet.next && !sink.may_pay()) go_over(outlet);
  while (!waiting.empty() && !sink.stuck()) {
    if (sink.state() == Sink::State::unread) {
      drop_first(number, outlet);
      continue;
    }
    Waiting& first = waiting.front();
    if (first.closes != 0 && !drain(first.closes, number, outlet)) break;
    if (!first.text.empty() && !sink.accept(first.text)) break;
    remove_first(outlet);
  }
  // The oldest go first: the gap is marked ahead of what comes after it.
  if (outlet.closing > most_closing) count_closing(outlet);
  while (outlet.waiting_bytes > most_waiting || outlet.closing > most_closing) drop_first(number, outlet);
  if (!sink.stuck()) ready_.merge(std::exchange(outlet.held, {}));
  report(number, sink);
  watch(number, outlet);
}

// What came of it that somebody wants to know.
void Output::report(int number, Sink& sink) {
  for (std::optional<Fault>& fault : sink.take_rotations()) post_(RotatedFact{number, std::move(fault)});
  if (const int64_t lines = sink.take_lost(); lines > 0) post_(LostFact{"output", lines, sink.has_bounds() ? number : 0});
}

// Writes what the run's pipes held when it was closed. False where the sink takes no more.
bool Output::drain(RunId run, int number, Outlet& outlet) {
  for (const Token token : source_tokens(run)) {
    if (!drain_source(token, number, outlet)) return false;
  }
  return true;
}

// Also what goes to a file of which this is the echo, as far as the file takes it.
bool Output::drain_source(Token token, int number, Outlet& outlet) {
  for (Turn turn = Turn::more; turn == Turn::more;) {
    const auto found = sources_.find(token);
    if (found == sources_.end() || !found->second.marked()) return true;
    const int its_number = outlet_number(found->second.sink());
    Outlet& its = outlet_of(its_number);
    if (its_number != number) {
      if (its.echo != number || its.sink.stuck()) return true;
      if (outlet.sink.stuck()) return false;
    }
    turn = take_turn(token, found->second, its);
    if (its_number != number) settle(its_number, its);
    else if (turn == Turn::held) return false;
  }
  return true;
}

// No line waits for what goes elsewhere than the one that closes the run: it is written now, as far as it is taken. Whoever
// ends Sentry asks for no more than that its lines are out.
void Output::drain_elsewhere(RunId run, int number) {
  for (const Token token : source_tokens(run)) {
    const auto found = sources_.find(token);
    if (found == sources_.end()) continue;
    const int its_number = outlet_number(found->second.sink());
    Outlet& its = outlet_of(its_number);
    if (its_number == number || its.echo == number || must_wait(token, found->second, its)) continue;
    drain_source(token, its_number, its);
    settle(its_number, its);
  }
}

// A run whose pipes have come to their end keeps nothing, and its last line waits like any other.
void Output::count_closing(Outlet& outlet) const noexcept {
  for (Waiting& line : outlet.waiting) {
    const auto tokens = source_tokens(line.closes);
    if (line.closes == 0 || sources_.contains(tokens[0]) || sources_.contains(tokens[1])) continue;
    line.closes = 0;
    --outlet.closing;
  }
}

void Output::drop_first(int number, Outlet& outlet) {
  Waiting& first = outlet.waiting.front();
  if (first.closes != 0) discard(first.closes, number, outlet);
  if (!first.text.empty()) outlet.sink.drop(1);
  remove_first(outlet);
}

// Written or dropped, its tail has it.
void Output::remove_first(Outlet& outlet) {
  Waiting& first = outlet.waiting.front();
  if (Tail* tail = tail_of(first.sink)) tail->append(first.plain);
  outlet.waiting_bytes -= first.bytes();
  outlet.closing -= first.closes != 0;
  outlet.waiting.pop_front();
}

// Half a line is ended before that, but not waited for where the machine refuses its rest or nobody reads it: to give
// back the room of a file that was removed from a full disk is what this is for.
void Output::go_over(Outlet& outlet) {
  if (std::exchange(outlet.watched, false)) unsubscribe(outlet.sink.descriptor());
  outlet.sink.go_over_to(std::move(*outlet.next));
  outlet.next.reset();
  outlet.sink.resume();
}

}  // namespace sentry
