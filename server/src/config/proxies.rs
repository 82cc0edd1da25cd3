//! Reads `trusted_proxies`: networks and addresses; an address is a network of one.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Deserializes the list.
pub(super) fn read<'de, D: Deserializer<'de>>(list: D) -> Result<Vec<IpNet>, D::Error> {
    let list = Vec::<Peers>::deserialize(list)?;
    Ok(list.into_iter().map(|Peers(network)| network).collect())
}

struct Peers(IpNet);

impl<'de> Deserialize<'de> for Peers {
    fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        let text = String::deserialize(text)?;
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        text.parse().or_else(|_| address()).map(Self).map_err(|_| {
            D::Error::custom(format_args!(
                "`{text}` is neither an address nor a network, such as 10.0.0.2 or 10.0.0.0/8"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn an_address_is_a_network_of_its_own() {
        let text = "trusted_proxies = [\"10.0.0.2\", \"10.0.0.0/8\", \"::1\", \"fd00::/8\"]";
        let config: Config = toml::from_str(text).unwrap();
        let read: Vec<_> = config.trusted_proxies.iter().map(ToString::to_string).collect();
        assert_eq!(read, ["10.0.0.2/32", "10.0.0.0/8", "::1/128", "fd00::/8"]);
        for wrong in ["proxy", "10.0.0.0/33", ""] {
            let error = toml::from_str::<Config>(&format!("trusted_proxies = [\"{wrong}\"]")).unwrap_err();
            assert!(error.message().starts_with(&format!("`{wrong}` is neither")), "{error}");
        }
    }
}
