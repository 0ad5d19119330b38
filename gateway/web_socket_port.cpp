#include "gateway/web_socket_port.h"

#include "common/base/check.h"

namespace dure {
namespace {

constexpr std::size_t kOutBytes = 16 * 1024;
constexpr std::size_t kLengthBytes = 4;  // what a frame has and a message has not

}  // namespace

bool WebSocketPort::opened(ClientId client, std::string_view address, MonoTime now) {
  return port_.opened(client, address, now);
}

bool WebSocketPort::opened_web(ClientId client, std::string_view address, MonoTime now) {
  now_ = now;
  if (!port_.opened(client, address, now)) return false;
  clients_.try_emplace(client, options_);
  return true;
}

void WebSocketPort::received(ClientId id, std::string_view bytes, MonoTime now) {
  const auto at = clients_.find(id);
  if (at == clients_.end()) return port_.received(id, bytes, now);
  now_ = now;
  Client& client = at->second;
  if (port_.closing(id)) return;
  if (client.upgrade) {
    std::size_t used = 0;
    const auto state = client.upgrade->take(bytes, &used);
    if (state == WebSocketUpgrade::State::kPartial) return;
    client.out = client.upgrade->answer();
    client.upgrade.reset();
    touched_.push_back(id);
    if (state == WebSocketUpgrade::State::kRefused) {
      client.ended = true;
      return port_.give_up(id, "no WebSocket");
    }
    client.codec.emplace(WebSocketCodec::Side::kServer);
    bytes.remove_prefix(used);
  }
  take_frames(id, client, bytes, now);
}

void WebSocketPort::take_frames(ClientId id, Client& client, std::string_view bytes, MonoTime now) {
  const std::size_t body_max = client.accepted ? options_.body_bytes_max : options_.body_bytes_max_before_login;
  const BucketLimit& idle = options_.rates[static_cast<std::size_t>(RateClass::kFree)];
  std::string frames;  // as the plain door would have brought them
  std::uint16_t code = 0;
  const char* reason = "";
  bool whole = false;
  client.codec->append(bytes);
  while (code == 0) {
    const auto read = client.codec->next(body_max + kFrameOverhead);
    if (read.event == WebSocketCodec::Event::kNone) break;
    whole |= !client.codec->in_message();
    switch (read.event) {
      case WebSocketCodec::Event::kBinary: {
        char length[kLengthBytes];
        store_le<std::uint32_t>(length, static_cast<std::uint32_t>(read.payload.size()));
        frames.append(length, kLengthBytes).append(read.payload);
        continue;
      }
      case WebSocketCodec::Event::kBad:
        code = read.code, reason = "bad WebSocket frame";
        continue;
      case WebSocketCodec::Event::kClose:
        code = read.code, reason = "closed by the client";
        continue;
      default:
        break;
    }
    if (!client.idle_frames.take(idle, now) || client.out.size() > kOutBytes) {
      code = WebSocketCodec::kPolicy, reason = "WebSocket flood";
    } else if (read.event == WebSocketCodec::Event::kPing) {
      client.codec->put_pong(read.payload, &client.out);
      touched_.push_back(id);
    }
  }
  // A control frame between the fragments of a message does not make it younger.
  if (!client.codec->unfinished())
    client.begun = {};
  else if (whole || client.begun == MonoTime{})
    client.begun = now;
  if (!frames.empty()) port_.received(id, frames, now);
  if (code != 0) end(id, client, code, reason);
}

void WebSocketPort::end(ClientId id, Client& client, std::uint16_t code, const char* reason) {
  if (port_.closing(id)) return;
  client.codec->put_close(code, &client.out);
  client.ended = true;
  port_.give_up(id, reason);
}

void WebSocketPort::closed(ClientId client, MonoTime now) {
  clients_.erase(client);
  port_.closed(client, now);
}

void WebSocketPort::command(const Outbound& command, MonoTime now) {
  now_ = now;
  if (const auto* accepted = std::get_if<ClientAccepted>(&command))
    if (const auto at = clients_.find(accepted->client); at != clients_.end()) at->second.accepted = true;
  port_.command(command, now);
}

void WebSocketPort::tick(MonoTime now) {
  now_ = now;
  port_.tick(now);
  for (auto& [id, client] : clients_) {
    if (client.begun == MonoTime{} || port_.closing(id)) continue;
    // Not read from meanwhile, through no fault of the client: its time starts anew.
    if (!port_.reads(id)) client.begun = now;
    if (frame_too_slow(options_, now - client.begun, client.codec->unfinished_bytes()))
      end(id, client, WebSocketCodec::kPolicy, "frame too slow");
  }
}

void WebSocketPort::fill(ClientId id, Client& client) {
  std::vector<std::string_view> frames;
  while (client.codec && !client.ended && client.out.size() < kOutBytes) {
    frames.clear();
    port_.gather(id, 8, &frames);
    if (frames.empty()) break;
    client.told |= port_.closing(id);
    std::size_t taken = 0;
    for (const std::string_view frame : frames) {
      // The queue gives frames whole as long as it is told of whole ones.
      CHECK(frame.size() >= kFrameHeaderBytes);
      client.codec->put_binary(frame.substr(kLengthBytes), &client.out);
      taken += frame.size();
      if (client.out.size() >= kOutBytes) break;
    }
    port_.wrote(id, taken, now_);
  }
  if (!port_.closing(id) || client.ended || client.out.size() >= kOutBytes) return;
  client.ended = true;
  if (client.codec)
    client.codec->put_close(client.told ? WebSocketCodec::kNormal : WebSocketCodec::kPolicy, &client.out);
  else
    client.out += WebSocketUpgrade::too_late();
}

void WebSocketPort::gather(ClientId id, std::size_t most, std::vector<std::string_view>* pieces) {
  const auto at = clients_.find(id);
  if (at == clients_.end()) return port_.gather(id, most, pieces);
  fill(id, at->second);
  if (!at->second.out.empty() && most > 0) pieces->push_back(at->second.out);
}

void WebSocketPort::wrote(ClientId id, std::size_t bytes, MonoTime now) {
  const auto at = clients_.find(id);
  if (at == clients_.end()) return port_.wrote(id, bytes, now);
  now_ = now;
  CHECK(bytes <= at->second.out.size());
  at->second.out.erase(0, bytes);
  if (at->second.out.empty()) std::string().swap(at->second.out);  // an idle client keeps nothing
}

void WebSocketPort::take_touched(std::vector<ClientId>* touched, MonoTime now) {
  port_.take_touched(touched, now);
  for (const ClientId client : touched_)
    if (clients_.count(client)) touched->push_back(client);
  touched_.clear();
}

}  // namespace dure
