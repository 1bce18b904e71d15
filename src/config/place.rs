//! What commands need to know that work on what a server keeps: where it is. Nothing is made by reading it.

use std::path::PathBuf;

use secrecy::SecretString;

use super::{
    ConfigError, CredentialsKey, CredentialsKeys, Fault, LogSettings, environment, read::Reader,
};

/// Where a server keeps what it keeps, and how to log. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Place {
    /// `DATA_DIR`.
    pub data_dir: PathBuf,
    /// `DATABASE_URL`.
    pub database_url: SecretString,
    /// What is logged, and how.
    pub log: LogSettings,
    newest: Option<CredentialsKey>,
    older: Vec<CredentialsKey>,
}

impl Place {
    /// By the process's environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut reader = Reader::new(&environment);
        let (data_dir, database_url) = reader.database();
        let (newest, older) = reader.credentials_keys();
        let log = reader.log();
        let place = reader.settle(|| Self {
            data_dir,
            database_url: database_url.into(),
            log,
            newest,
            older,
        });
        place.map_err(ConfigError)
    }

    /// The keys of the credentials, where there are any: none is made.
    pub fn credentials_keys(&self) -> Result<CredentialsKeys, ConfigError> {
        if let Some(newest) = &self.newest {
            return Ok(CredentialsKeys::given(newest.clone(), self.older.clone()));
        }
        let folder = self.data_dir.display();
        let problem = if CredentialsKeys::are_in(&self.data_dir) {
            match CredentialsKeys::kept(&self.data_dir, self.older.clone()) {
                Ok(keys) => return Ok(keys),
                Err(error) => format!("not set, and the keys in {folder} cannot be used: {error}"),
            }
        } else {
            format!("not set, and {folder} has none; call this with the server's DATA_DIR")
        };
        Err(ConfigError(vec![Fault {
            setting: "CREDENTIALS_KEY",
            problem,
        }]))
    }
}
