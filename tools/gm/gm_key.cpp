#include "tools/gm/gm_key.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace dure {
namespace {

std::string hex(const std::string& bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  text.pop_back();
  return text;
}

Result<> write_new(const std::string& path, const std::string& text, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return fail(Trouble::kIo, path + ": " + std::strerror(errno));
  const bool whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (::close(fd) != 0 || !whole) return fail(Trouble::kIo, path + ": could not be written");
  return {};
}

GmKey key_of(const std::string& path, const std::string& secret) {
  std::string public_key(crypto_sign_PUBLICKEYBYTES, '\0');
  crypto_sign_ed25519_sk_to_pk(reinterpret_cast<unsigned char*>(public_key.data()),
                               reinterpret_cast<const unsigned char*>(secret.data()));
  return {std::filesystem::path(path).stem().string(), secret, hex(public_key)};
}

}  // namespace

Result<GmKey> make_gm_key(const std::string& path) {
  if (sodium_init() < 0) return fail(Trouble::kIo, "libsodium has no randomness");
  std::string public_key(crypto_sign_PUBLICKEYBYTES, '\0'), secret(crypto_sign_SECRETKEYBYTES, '\0');
  crypto_sign_keypair(reinterpret_cast<unsigned char*>(public_key.data()),
                      reinterpret_cast<unsigned char*>(secret.data()));
  if (std::filesystem::exists(path + ".pub")) return fail(Trouble::kIo, path + ".pub: File exists");
  if (auto written = write_new(path, hex(secret) + "\n", 0600); !written) return tl::unexpected<Error>(written.error());
  if (auto written = write_new(path + ".pub", hex(public_key) + "\n", 0644); !written)
    return tl::unexpected<Error>(written.error());
  return key_of(path, secret);
}

Result<GmKey> read_gm_key(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return fail(Trouble::kIo, path + ": " + std::strerror(errno));
  if ((facts.st_mode & 077) != 0) return fail(Trouble::kInvalid, path + ": others may read this secret; chmod 600 it");
  std::ifstream in(path);
  std::string text;
  in >> text;
  std::string secret(crypto_sign_SECRETKEYBYTES, '\0');
  std::size_t length = 0;
  if (sodium_hex2bin(reinterpret_cast<unsigned char*>(secret.data()), secret.size(), text.data(), text.size(), nullptr,
                     &length, nullptr) != 0 ||
      length != secret.size())
    return fail(Trouble::kInvalid, path + ": is not a secret key (128 hex digits)");
  return key_of(path, secret);
}

int run_keygen(const std::string& path) {
  const auto key = make_gm_key(path);
  if (!key) {
    std::fprintf(stderr, "dure keygen: %s\n", key.error().detail.c_str());
    return 1;
  }
  std::printf("secret key  %s (keep it)\npublic key  %s (for gm.public_keys in the config)\n", path.c_str(),
              key->public_hex.c_str());
  return 0;
}

}  // namespace dure
