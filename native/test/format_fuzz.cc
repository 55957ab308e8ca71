// Whatever a process prints, its line is one JSON object, and the same bytes come out of it. A small strict parser of
// its own says so: it takes exactly the grammar of RFC 8259 for what may stand there, and knows nothing of json.cc.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "../format.h"

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

// How long the first character is, decoded by arithmetic: what could have been shorter is none. 0: it is none.
size_t character(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  const size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
  if (length == 0 || bytes.size() < length) return 0;
  uint32_t point = length == 1 ? first : first & (0x7fu >> length);
  for (size_t at = 1; at < length; ++at) {
    const auto next = static_cast<unsigned char>(bytes[at]);
    if (next >> 6 != 2) return 0;
    point = point << 6 | (next & 0x3fu);
  }
  constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool allowed = point >= least[length] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return allowed ? length : 0;
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = character(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

char take(std::string_view& rest) {
  demand(!rest.empty());
  const char first = rest[0];
  rest.remove_prefix(1);
  return first;
}

std::string take_string(std::string_view& rest) {
  demand(take(rest) == '"');
  std::string text;
  for (;;) {
    demand(!rest.empty() && static_cast<unsigned char>(rest[0]) >= 0x20);
    const size_t length = character(rest);
    demand(length > 0);
    const std::string_view next = rest.substr(0, length);
    rest.remove_prefix(length);
    if (next == "\"") return text;
    if (next != "\\") {
      text += next;
      continue;
    }
    const char escape = take(rest);
    const std::string_view names = "\"\\/bfnrt", bytes = "\"\\/\b\f\n\r\t";
    if (const size_t at = names.find(escape); at != std::string_view::npos) {
      text += bytes[at];
      continue;
    }
    demand(escape == 'u' && rest.size() >= 4);
    const std::string digits(rest.substr(0, 4));
    demand(digits.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos);
    const unsigned long point = std::strtoul(digits.c_str(), nullptr, 16);
    demand(point < 0x20);  // nothing else has to be spelled so
    text += static_cast<char>(point);
    rest.remove_prefix(4);
  }
}

std::string decoded(std::string_view base64) {
  const std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  demand(base64.size() % 4 == 0);
  const size_t padding = base64.ends_with("==") ? 2 : base64.ends_with('=') ? 1 : 0;
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char digit : base64.substr(0, base64.size() - padding)) {
    const size_t value = digits.find(digit);
    demand(value != std::string_view::npos);
    bits = bits << 6 | static_cast<uint32_t>(value);
    if ((count += 6) < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  demand((bits & ((1u << count) - 1)) == 0 && static_cast<size_t>(count) == padding * 2);
  return bytes;
}

// Strings as what they say, all others as they stand.
std::map<std::string, std::string> members(std::string_view line) {
  std::map<std::string, std::string> all;
  demand(take(line) == '{');
  for (char next = ','; next == ',';) {
    const std::string name = take_string(line);
    demand(take(line) == ':' && !line.empty());
    std::string value;
    if (line[0] == '"') value = take_string(line);
    else while (!line.empty() && line[0] != ',' && line[0] != '}') value += take(line);
    demand(all.emplace(name, value).second);
    next = take(line);
    demand(next == ',' || next == '}');
  }
  demand(line == "\n");
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(input) + 1, size - 1);
  const int stream = input[0] & 1;
  const bool part = (input[0] & 2) != 0;
  std::string batch = "before";
  const sentry::Lines lines(sentry::Format::json, {"my.web.1514", 2, stream}, "36", {1'334'081'871, 123'456'789});
  lines.append(batch, text, part ? sentry::LineEnd::part : sentry::LineEnd::newline);
  demand(batch.starts_with("before"));
  const auto line = members(std::string_view(batch).substr(6));
  demand(line.size() == (part ? 7 : 6));
  demand(line.at("at") == "2012-04-10T18:17:51.123456Z" && line.at("entry") == "my.web");
  demand(line.at("slot") == "2" && line.at("pid") == "1514");
  demand(line.at("stream") == (stream == 0 ? "stdout" : "stderr"));
  demand(!part || line.at("part") == "true");
  demand(line.contains("text") == is_utf8(text));
  demand((is_utf8(text) ? line.at("text") : decoded(line.at("base64"))) == text);
  return 0;
}
