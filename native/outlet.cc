// The half of Output that is about sinks: what waits for one, and whose turn it is to write to it.
#include <algorithm>

#include "output.h"

namespace sentry {

namespace {
constexpr size_t most_waiting = 64 * 1024;  // bytes of Sentry's own lines that wait for one sink
constexpr size_t most_closing = 64;         // runs that have ended, and keep their pipes until one sink has shown them
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

// One turn for each source that is ready.
void Output::serve() {
  for (const Token token : std::exchange(ready_, {})) {
    const auto found = sources_.find(token);
    if (found == sources_.end()) continue;
    const int number = outlet_number(found->second.sink());
    Outlet& outlet = outlet_of(number);
    if (outlet.sink.state() == Sink::State::blocked && !found->second.telling()) {
      outlet.held.insert(token);
      continue;
    }
    take_turn(token, found->second, outlet);
    settle(number, outlet);
  }
}

Turn Output::take_turn(Token token, Source& source, Outlet& outlet) {
  const Turn turn = source.telling() ? tell(source) : source.turn(outlet.sink, scratch_, tail_of(source.sink()));
  halves_.erase(token);
  if (turn == Turn::ended) {
    ready_.erase(token);
    outlet.held.erase(token);
    unsubscribe(source.descriptor());
    if (!source.from().kept.empty()) keeper_.release(source.from().keeper_label());
    sources_.erase(token);
    return turn;
  }
  if (source.half_line()) halves_.insert(token);
  if (turn == Turn::more) ready_.insert(token);
  if (turn == Turn::held) outlet.held.insert(token);
  return turn;
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
  while (!waiting.empty() && sink.state() != Sink::State::blocked) {
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
  while (outlet.waiting_bytes > most_waiting || outlet.closing > most_closing) drop_first(number, outlet);
  if (sink.state() != Sink::State::blocked) ready_.merge(std::exchange(outlet.held, {}));
  if (const int64_t lines = sink.take_told(); lines > 0) post_(LostFact{"output", lines});
  watch(number, outlet);
}

// Writes what the run's pipes held when it was closed. False where the sink takes no more.
bool Output::drain(RunId run, int number, Outlet& outlet) {
  for (const Token token : source_tokens(run)) {
    Turn turn = Turn::more;
    while (turn == Turn::more) {
      const auto found = sources_.find(token);
      if (found == sources_.end() || outlet_number(found->second.sink()) != number || !found->second.marked()) break;
      turn = take_turn(token, found->second, outlet);
    }
    if (turn == Turn::held) return false;
  }
  return true;
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

// What a run has printed goes with its last line. Kept for a slow reader, the pipes of a process that restarts all the
// time would use up the descriptors.
void Output::discard(RunId run, int number, Outlet& outlet) {
  const Sink::State before = outlet.sink.state();
  outlet.sink.give_up();
  drain(run, number, outlet);
  for (const Token token : source_tokens(run)) {
    const auto found = sources_.find(token);
    if (found == sources_.end() || outlet_number(found->second.sink()) != number) continue;
    if (found->second.hung_up()) take_turn(token, found->second, outlet);  // it sees the end
  }
  outlet.sink.go_back_to(before);
}

void Output::give_up_on_unread() {
  for (auto& [number, outlet] : outlets_) {
    if (outlet.sink.state() != Sink::State::blocked || Sink::Clock::now() < outlet.sink.patience_ends()) continue;
    if (!outlet.sink.last_try()) outlet.sink.give_up();
    settle(number, outlet);
  }
}

// -1: none is being waited for.
int Output::patience_left() const {
  int64_t least = -1;
  for (const auto& [number, outlet] : outlets_) {
    if (outlet.sink.state() != Sink::State::blocked) continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(outlet.sink.patience_ends() - Sink::Clock::now());
    const int64_t count = std::max<int64_t>(left.count(), 0);
    least = least < 0 ? count : std::min(least, count);
  }
  return static_cast<int>(least);
}

// EPOLLET: a terminal with room for one character, when the next is a newline that becomes two, is writable and takes
// nothing. Watched only while it is blocked: a terminal reports each read at its other end.
void Output::watch(int number, Outlet& outlet) {
  const Sink::State state = outlet.sink.state();
  const bool stuck = state == Sink::State::blocked || state == Sink::State::unread;
  if (stuck == outlet.watched) return;
  const int fd = outlet.sink.descriptor();
  if (stuck) subscribe(fd, EPOLLOUT | EPOLLET, sink_token(number));
  if (!stuck) unsubscribe(fd);
  outlet.watched = stuck;
}

}  // namespace sentry
