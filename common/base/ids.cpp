#include "common/base/ids.h"

#include <charconv>
#include <cstdio>

#include "common/base/result.h"

namespace dure {

const char* to_text(Trouble trouble) {
  switch (trouble) {
    case Trouble::kTimeout:
      return "timeout";
    case Trouble::kUnreachable:
      return "unreachable";
    case Trouble::kPeerLost:
      return "peer lost";
    case Trouble::kRefused:
      return "refused";
    case Trouble::kBusy:
      return "busy";
    case Trouble::kCancelled:
      return "cancelled";
    case Trouble::kInvalid:
      return "invalid";
    case Trouble::kIo:
      return "io";
  }
  return "unknown";
}

const char* to_text(Role role) {
  switch (role) {
    case Role::kNone:
      return "none";
    case Role::kGateway:
      return "gateway";
    case Role::kGeneral:
      return "general";
    case Role::kDungeon:
      return "dungeon";
    case Role::kChat:
      return "chat";
    case Role::kDbagent:
      return "dbagent";
    case Role::kTool:
      return "tool";
  }
  return "none";
}

Role role_from_text(std::string_view text) {
  if (text == "lobby") return Role::kGeneral;
  if (text == "community") return Role::kChat;
  for (Role role : {Role::kGateway, Role::kGeneral, Role::kDungeon, Role::kChat, Role::kDbagent, Role::kTool})
    if (text == to_text(role)) return role;
  return Role::kNone;
}

std::string to_text(NodeId node) {
  if (!node) return "none";
  return std::string(to_text(node.role())) + "-" + std::to_string(node.number());
}

NodeId node_from_text(std::string_view text) {
  std::string_view role_name;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    if (slash + 1 == text.size()) return {};
    role_name = text.substr(slash + 1);
    text = text.substr(0, slash);
  }
  const auto dash = text.rfind('-');
  if (dash == std::string_view::npos) return {};
  if (role_name.empty()) role_name = text.substr(0, dash);
  unsigned number = 0;
  const auto digits = text.substr(dash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number == 0 || number > 0xffff) return {};
  const Role role = role_from_text(role_name);
  if (role == Role::kNone) return {};
  return NodeId(role, static_cast<std::uint16_t>(number));
}

std::string hex128(std::uint64_t high, std::uint64_t low) {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return text;
}

std::string to_text(const Incarnation& incarnation) { return hex128(incarnation.high, incarnation.low); }
std::string to_text(const ItemId& item) { return hex128(item.high, item.low); }

ItemId item_from_text(std::string_view text) {
  if (text.size() != 32) return {};
  ItemId item;
  const auto a = std::from_chars(text.data(), text.data() + 16, item.high, 16);
  const auto b = std::from_chars(text.data() + 16, text.data() + 32, item.low, 16);
  if (a.ec != std::errc() || a.ptr != text.data() + 16 || b.ec != std::errc() || b.ptr != text.data() + 32) return {};
  return item;
}

}  // namespace dure
