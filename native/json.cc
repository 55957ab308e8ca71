#include "json.h"

#include <cstdint>
#include <cstring>

namespace sentry {

namespace {

constexpr char hex[] = "0123456789abcdef";
constexpr char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool is_plain(unsigned char byte) noexcept { return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\'; }

// Eight at a time. A byte becomes 0 by the exclusive or with itself, and only a byte below 0x20 (or 1, for a 0) has its
// top bit set by the subtraction. That borrows from the next byte only where this one is no plain one anyway.
bool are_plain(uint64_t eight) noexcept {
  constexpr uint64_t each = 0x0101010101010101;
  const uint64_t quote = eight ^ (each * '"'), backslash = eight ^ (each * '\\');
  return (((eight - each * 0x20) | (quote - each) | (backslash - each) | eight) & (each * 0x80)) == 0;
}

// Where, from there on, the first byte stands that cannot simply be copied.
size_t plain_until(std::string_view bytes, size_t from) noexcept {
  uint64_t eight;
  for (; bytes.size() - from >= sizeof eight; from += sizeof eight) {
    std::memcpy(&eight, bytes.data() + from, sizeof eight);
    if (!are_plain(eight)) break;
  }
  while (from < bytes.size() && is_plain(static_cast<unsigned char>(bytes[from]))) ++from;
  return from;
}

// How many bytes the character takes that begins with this one, which is not ASCII; 0: it is none. RFC 3629, section 4:
// the second byte is what tells overlong forms, surrogates and too large numbers.
size_t character(std::string_view bytes) noexcept {
  const auto byte = [bytes](size_t at) { return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0; };
  const auto follows = [byte](size_t at) { return byte(at) >= 0x80 && byte(at) <= 0xbf; };
  const int first = byte(0), second = byte(1);
  if (!follows(1)) return 0;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) {
    const bool allowed = first == 0xe0 ? second >= 0xa0 : first == 0xed ? second <= 0x9f : true;
    return allowed && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool allowed = first == 0xf0 ? second >= 0x90 : first == 0xf4 ? second <= 0x8f : true;
    return allowed && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void append_escaped(std::string& json, unsigned char byte) {
  json += '\\';
  switch (byte) {
    case '"':
    case '\\': json += static_cast<char>(byte); break;
    case '\b': json += 'b'; break;
    case '\t': json += 't'; break;
    case '\n': json += 'n'; break;
    case '\f': json += 'f'; break;
    case '\r': json += 'r'; break;
    default: json.append("u00").append({hex[byte >> 4], hex[byte & 15]});
  }
}

// What stands between the quotes. False where the bytes are not UTF-8, which may turn out at the last of them.
bool append_text(std::string& json, std::string_view bytes) {
  size_t copied = 0;
  for (size_t at = plain_until(bytes, 0); at < bytes.size(); at = plain_until(bytes, at)) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    if (byte >= 0x80) {
      const size_t length = character(bytes.substr(at));
      if (length == 0) return false;
      at += length;
      continue;
    }
    json.append(bytes, copied, at - copied);
    append_escaped(json, byte);
    copied = ++at;
  }
  json.append(bytes, copied);
  return true;
}

void append_base64(std::string& json, std::string_view bytes) {
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t left = bytes.size() - at;
    const auto byte = [&](size_t n) -> uint32_t { return n < left ? static_cast<unsigned char>(bytes[at + n]) : 0; };
    const uint32_t three = byte(0) << 16 | byte(1) << 8 | byte(2);
    json.append({base64[three >> 18], base64[three >> 12 & 63], left > 1 ? base64[three >> 6 & 63] : '=',
                 left > 2 ? base64[three & 63] : '='});
  }
}

}  // namespace

bool append_json_string(std::string& json, std::string_view bytes) {
  const size_t before = json.size();
  json += '"';
  const bool is_text = append_text(json, bytes);
  if (is_text) json += '"';
  else json.resize(before);
  return is_text;
}

void append_json_bytes(std::string& json, std::string_view bytes) {
  const size_t before = json.size();
  json += "\"text\":";
  if (append_json_string(json, bytes)) return;
  json.resize(before);
  json += "\"base64\":\"";
  append_base64(json, bytes);
  json += '"';
}

}  // namespace sentry
